import Foundation

/// Which file systems folders lie on, as the kernel lists them.
package enum MountTable {
  /// Returns the kind of file system that holds `path`, as in `ext4`, or `nil` if it is not known.
  package static func fileSystem(of path: String) -> String? {
    guard let table = FileManager.default.contents(atPath: "/proc/self/mounts") else { return nil }
    let real = URL(filePath: path).resolvingSymlinksInPath().path(percentEncoded: false)
    let path = real.hasSuffix("/") ? real : real + "/"
    var best: (point: String, kind: String)?
    for line in String(decoding: table, as: UTF8.self).split(separator: "\n") {
      let fields = line.split(separator: " ")
      guard fields.count > 2 else { continue }
      let point = fields[1].hasSuffix("/") ? String(fields[1]) : fields[1] + "/"
      // A later mount on the same point covers an earlier one.
      if path.hasPrefix(point), point.count >= best?.point.count ?? 0 {
        best = (point, String(fields[2]))
      }
    }
    return best?.kind
  }

  /// Returns what to do about a run directory, as text, or `nil` if it lies well.
  package static func warning(about path: String) -> String? {
    guard let kind = fileSystem(of: path), isNetwork(kind) else { return nil }
    return "\(path) lies on a network file system (\(kind)), which can damage a journal when a "
      + "machine or the network fails; keep run directories on the coordinator's own disk"
  }

  /// Whether files of this kind of file system live on another machine, where locks are weak.
  package static func isNetwork(_ kind: String) -> Bool {
    let kinds = [
      "nfs", "nfs4", "cifs", "smb3", "smbfs", "lustre", "gpfs", "beegfs", "ceph", "9p", "afs",
    ]
    return kinds.contains(kind) || kind.hasPrefix("fuse.")
  }
}
