/// A mistake in a file that a person wrote, with its place and what to do about it.
package struct RunFileError: Error, Hashable, Sendable {
  /// The file's path as it was given.
  package let file: String
  /// The line, from 1; `nil` when the file as a whole is meant.
  package let line: Int?
  /// The column, from 1.
  package let column: Int?
  /// What is wrong, with the value, and what would be right.
  package let message: String

  /// Creates an error at a place.
  package init(file: String, line: Int? = nil, column: Int? = nil, message: String) {
    self.file = file
    self.line = line
    self.column = column
    self.message = message
  }
}

extension RunFileError: CustomStringConvertible {
  /// The error as compilers print it, as in `run.yaml:3:7: unknown key …`.
  package var description: String {
    let place = [file, line.map(String.init), column.map(String.init)].compactMap(\.self)
    return "\(place.joined(separator: ":")): \(message)"
  }
}
