/// One of the accelerators whose costs count in a run.
package struct RunAccelerator: Hashable, Sendable {
  /// What objectives call it; `nil` where it is the only one and has no name.
  package var name: String?
  /// The profile, as the program names it.
  package var profile: String
  /// The images of one batch.
  package var batch: Int

  package init(name: String?, profile: String, batch: Int) {
    precondition(batch > 0)
    self.name = name
    self.profile = profile
    self.batch = batch
  }
}
