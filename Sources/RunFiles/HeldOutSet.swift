/// A set of images that no candidate is chosen by: the front's members are measured on it in the
/// end. A split hands out images to the search first, then in the order of the cases.
package enum HeldOutSet: String, CaseIterable, Codable, Hashable, Sendable {
  /// The images that say what a member is worth.
  case test
  /// The images that say which members had luck on the search's, and how much luck all had.
  case confirm
}
