import AcceleratorModel
import Foundation

/// Accelerator profiles as users refer to them: by name, or by the path of a file.
package enum AcceleratorFile {
  /// Whether a reference is the path of a file rather than a name.
  package static func isPath(_ reference: String) -> Bool {
    reference.contains("/") || [".yaml", ".yml", ".json"].contains { reference.hasSuffix($0) }
  }

  /// Returns the profile that a reference means.
  package static func profile(_ reference: String) throws -> AcceleratorProfile {
    guard isPath(reference) else { return try AcceleratorProfile.named(reference) }
    let folder = URL(filePath: reference).absoluteURL.deletingLastPathComponent()
    return try AcceleratorProfile(yaml: TextFile.text(of: reference), file: reference) {
      path throws(RunFileError) in
      try TextFile.text(of: URL(filePath: path, relativeTo: folder).path(percentEncoded: false))
    }
  }
}

extension AcceleratorProfile {
  /// Reads the accelerator of a run: the profile that travels with its description, or the
  /// built-in one of its name.
  ///
  /// - Throws: an error if this version cannot read the profile.
  package init(ofRun name: String, text: String?) throws {
    guard let text else {
      self = try AcceleratorProfile.named(name)
      return
    }
    self = try AcceleratorProfile(yaml: text, file: "the run's accelerator profile")
  }
}
