import AcceleratorModel
import Foundation
import SparsityCore

extension RunFile {
  /// The accelerator whose cost counts, or one of several.
  package struct Accelerator: Hashable, Sendable {
    /// What objectives call it; `nil` where it is the only one.
    package var name: String?
    /// The profile's name, or the path of its file.
    package var profile: String
    /// The images of one batch on the accelerator.
    package var batch: Int

    /// Whether the profile is a file: a path, or a name that ends as YAML and JSON files do.
    package var isFile: Bool { AcceleratorFile.isPath(profile) }
  }
}

// MARK: - Reading

extension RunFile.Accelerator {
  /// The accelerator of a run file that names none.
  private static let usual = Self(name: nil, profile: "systolic32", batch: 1)

  /// Reads the only one, or all of a list of several.
  static func all(_ sections: [String: YAMLValue]) throws(RunFileError) -> [Self] {
    guard let list = sections["accelerators"] else {
      guard let value = sections["accelerator"] else { return [usual] }
      let values = try value.mapping(keys: ["profile", "batch"])
      return [try Self(values, named: nil)]
    }
    if let extra = sections["accelerator"] {
      throw extra.error("accelerator cannot stand beside accelerators; move it into the list")
    }
    var accelerators: [Self] = []
    for item in try list.sequence() {
      let values = try item.mapping(keys: ["name", "profile", "batch"])
      let profile = try item.required("profile", in: values).string()
      let usual =
        AcceleratorFile.isPath(profile)
        ? URL(filePath: profile).deletingPathExtension().lastPathComponent : profile
      let name = try values["name"]?.string() ?? usual
      guard Objective.isName(name) else {
        throw (values["name"] ?? item).error(
          "\"\(excerpt(name))\" cannot name an accelerator; write name: with 1 to "
            + "\(Objective.nameSizeRange.upperBound) letters, digits, points, hyphens and "
            + "underscores")
      }
      guard !accelerators.contains(where: { $0.name == name }) else {
        throw item.error(
          "two accelerators are called \(name); give each a name of its own: name: …")
      }
      accelerators.append(try Self(values, named: name))
    }
    guard accelerators.count > 1, RunLimits.acceleratorRange.contains(accelerators.count) else {
      throw list.error(
        "accelerators has \(counted(accelerators.count, "entry", plural: "entries")); list 2 to "
          + "\(RunLimits.acceleratorRange.upperBound), or write accelerator: {profile: …}")
    }
    return accelerators
  }

  private init(_ values: [String: YAMLValue], named name: String?) throws(RunFileError) {
    self.name = name
    profile = try values["profile"]?.string() ?? Self.usual.profile
    batch =
      try values["batch"]?.integer(in: RunLimits.acceleratorBatchRange) ?? Self.usual.batch
  }
}

extension RunFile.Subject {
  /// The names of the accelerators that objectives tell apart; none of a single one.
  var acceleratorNames: [String] { network?.accelerators.compactMap(\.name) ?? [] }
}

extension Objective {
  /// Returns what a run with such accelerators can improve and bound, in a fixed order.
  static func all(on accelerators: [String]) -> [Objective] {
    Quantity.allCases.flatMap { quantity in
      quantity.dependsOnAccelerator && !accelerators.isEmpty
        ? accelerators.map { Objective(quantity, on: $0) } : [Objective(quantity)]
    }
  }
}

extension YAMLValue {
  /// Returns one of the objectives that a run with such accelerators can have.
  func objective(on accelerators: [String]) throws(RunFileError) -> Objective {
    let text = try string()
    let known = Objective.all(on: accelerators)
    guard let objective = Objective(rawValue: text), known.contains(objective) else {
      throw error(
        "\(name) is \"\(excerpt(text))\"; known are "
          + known.map(\.rawValue).joined(separator: ", "))
    }
    return objective
  }
}

// MARK: - Writing

extension [RunFile.Accelerator] {
  /// The line of a run file.
  var yamlLine: String {
    let entries = map { accelerator in
      "{" + (accelerator.name.map { "name: \($0), " } ?? "")
        + "profile: \(ProfileValue.quoted(accelerator.profile)), batch: \(accelerator.batch)}"
    }
    return count == 1
      ? "accelerator: \(entries[0])" : "accelerators: [\(entries.joined(separator: ", "))]"
  }

  /// What makes a run the one that it is, as keys and texts.
  var identifyingEntries: [(String, String)] {
    flatMap { accelerator in
      let key = accelerator.name.map { "accelerators.\($0)" } ?? "accelerator"
      let profile = accelerator.isFile ? [] : [("\(key).profile", accelerator.profile)]
      return profile + [("\(key).batch", "\(accelerator.batch)")]
    }
  }
}
