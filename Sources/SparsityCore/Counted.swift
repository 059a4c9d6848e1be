/// Returns a count with its noun, in the singular for one, as in `1 worker` and `2 workers`.
///
/// - Parameter plural: The plural, if it is not the noun with an s.
package func counted(
  _ count: some BinaryInteger, _ noun: String, plural: String? = nil
) -> String {
  "\(count) \(count == 1 ? noun : plural ?? noun + "s")"
}
