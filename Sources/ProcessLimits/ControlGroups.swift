import Foundation

/// What the control groups of this process allow it, of version 1 or 2.
///
/// A group is held to the limits of all groups above it. What lies above a container's own root is
/// not seen, and need not be: a container's limits stand at its root.
package struct ControlGroups: Sendable {
  /// The folder in the place of `/`; another one for tests.
  private let root: String

  /// Looks at the groups of this process.
  package init() { self.init(root: "") }

  /// Looks at the groups that the files below a folder describe.
  package init(root: String) { self.root = root }

  /// The processors whose time the process may use up, or `nil` without a limit.
  package var processorCount: Double? {
    let unified = folders(of: nil).compactMap { Self.quota(text($0 + "/cpu.max")) }
    let legacy = folders(of: "cpu").compactMap { folder -> Double? in
      guard let quota = number(folder + "/cpu.cfs_quota_us"), quota > 0,
        let period = number(folder + "/cpu.cfs_period_us"), period > 0
      else { return nil }
      return Double(quota) / Double(period)
    }
    return (unified + legacy).min()
  }

  /// The bytes of memory that the process may use, or `nil` without a limit.
  package var memoryBytes: UInt64? {
    let limits =
      folders(of: nil).compactMap { number($0 + "/memory.max") }
      + folders(of: "memory").compactMap { number($0 + "/memory.limit_in_bytes") }
    // Version 1 writes a number near 2⁶³ where there is no limit.
    return limits.filter { $0 > 0 && $0 < 1 << 60 }.min().map { UInt64($0) }
  }

  /// Reads `quota period`, where a quota of `max` is none.
  private static func quota(_ text: String?) -> Double? {
    let numbers = (text ?? "").split(separator: " ").compactMap { Double($0) }
    guard numbers.count == 2, numbers[0] > 0, numbers[1] > 0 else { return nil }
    return numbers[0] / numbers[1]
  }

  /// Returns the folders of the process's group and of those above it, for a controller of version
  /// 1, or for version 2.
  private func folders(of controller: String?) -> [String] {
    guard let path = path(of: controller) else { return [] }
    for mount in mounts(of: controller) {
      guard var rest = Self.remove(mount.root, from: path) else { continue }
      // Without a name space of its own a container may see paths that its mount does not have.
      if !FileManager.default.fileExists(atPath: root + mount.point + rest) { rest = "" }
      var folders = [root + mount.point + rest]
      while let slash = rest.lastIndex(of: "/") {
        rest = String(rest[..<slash])
        folders.append(root + mount.point + rest)
      }
      return folders
    }
    return []
  }

  /// Returns the process's group in a controller's hierarchy.
  private func path(of controller: String?) -> String? {
    // A line is `number:controllers:path`; version 2 has no controllers.
    for line in (text("/proc/self/cgroup") ?? "").split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let controllers = parts[1].split(separator: ",").map(String.init)
      if controller.map(controllers.contains) ?? controllers.isEmpty { return String(parts[2]) }
    }
    return nil
  }

  /// Returns where a controller's hierarchy is mounted, and which of its groups is the root there.
  private func mounts(of controller: String?) -> [(root: String, point: String)] {
    // A line is `id parent device root point options … - type source options`.
    (text("/proc/self/mountinfo") ?? "").split(separator: "\n").compactMap { line in
      guard let separator = line.range(of: " - ") else { return nil }
      let front = line[..<separator.lowerBound].split(separator: " ")
      let back = line[separator.upperBound...].split(separator: " ")
      guard front.count >= 5, back.count >= 3 else { return nil }
      let options = back[2].split(separator: ",").map(String.init)
      let isWanted =
        controller.map { back[0] == "cgroup" && options.contains($0) } ?? (back[0] == "cgroup2")
      return isWanted ? (String(front[3]), String(front[4])) : nil
    }
  }

  /// Returns a path below a group as seen from there: empty, or beginning with a slash.
  private static func remove(_ group: String, from path: String) -> String? {
    if group == "/" { return path == "/" ? "" : path }
    // A group outside of what is mounted counts as its root.
    guard path.hasPrefix(group) else { return "" }
    let rest = path.dropFirst(group.count)
    return rest.isEmpty || rest.hasPrefix("/") ? String(rest) : ""
  }

  private func text(_ path: String) -> String? {
    let place = path.hasPrefix(root) ? path : root + path
    guard let bytes = FileManager.default.contents(atPath: place) else { return nil }
    return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private func number(_ path: String) -> Int? { text(path).flatMap { Int($0) } }
}
