/// The version of the program.
package enum ProgramVersion {
  /// The number of the release.
  private static let number = "0.1.0"

  /// The version as it is written; peers compare protocol versions, not this.
  package static let text = "\(number) (\(commit))"
}
