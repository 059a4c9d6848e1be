import ImageData
import SparsityCore
import TextReports

/// What was found in a source of images besides images.
package struct ImageSource {
  private let path: String
  private let assignment: ClassAssignment?
  private let otherFiles: [String]
  private let broken: [BrokenImage]

  /// Takes what was found while a source was loaded.
  package init(_ path: String, _ loaded: LoadedImages) {
    self.init(path, loaded.assignment, otherFiles: loaded.otherFiles, broken: loaded.broken)
  }

  /// Takes what was found while a source was packed.
  package init(_ path: String, _ packed: PackingReport) {
    self.init(path, packed.assignment, otherFiles: packed.otherFiles, broken: packed.broken)
  }

  /// Takes what was found when a source was looked at.
  init(_ path: String, _ survey: ImageSurvey) {
    self.init(path, survey.assignment, otherFiles: survey.otherFiles, broken: survey.broken)
  }

  private init(
    _ path: String, _ assignment: ClassAssignment?, otherFiles: [String], broken: [BrokenImage]
  ) {
    self.path = path
    self.assignment = assignment
    self.otherFiles = otherFiles
    self.broken = broken
  }

  /// What was assumed about the source and what was passed over.
  package var assumptions: [String] {
    var lines: [String] = []
    if let assignment { lines.append("\(path): \(assignment)") }
    guard !otherFiles.isEmpty else { return lines }
    let (count, shown) = (otherFiles.count, otherFiles.prefix(5).joined(separator: ", "))
    lines.append(
      "\(path): \(count) file\(count == 1 ? " is no image and is" : "s are no images and are") "
        + "passed over: \(shown)\(count > 5 ? ", …" : "")")
    return lines
  }

  /// Names broken images.
  ///
  /// - Throws: ``TextReports/ExplainedError`` unless they may be left out.
  package func checkBroken(
    skipsBroken: Bool, _ observer: WorkObserver
  ) throws(ExplainedError) {
    guard !broken.isEmpty else { return }
    broken.forEach { observer.notified("broken image: \($0)") }
    guard skipsBroken else {
      throw ExplainedError(
        "\(counted(broken.count, "image")) of \(path) \(broken.count == 1 ? "is" : "are") broken",
        nextStep: "repair them, or leave them out: --skip-broken (in a run file: skipBroken: true)")
    }
    observer.notified(
      "\(counted(broken.count, "broken image")) of \(path) "
        + "\(broken.count == 1 ? "is" : "are") left out")
  }
}
