import ArgumentParser
import NetworkArchitectures

/// The size of an image as commands are told it: `384`, or `224x320` for height and width.
struct ImageSizeArgument: ExpressibleByArgument {
  /// The size, in pixels.
  let size: GridSize

  init?(argument: String) {
    let sides = argument.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
    guard (1...2).contains(sides.count), let height = sides[0], let width = sides[sides.count - 1],
      height > 0, width > 0
    else { return nil }
    size = GridSize(height: height, width: width)
  }
}
