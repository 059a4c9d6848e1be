import ArgumentParser
import ImageData

/// Which outputs of the model class folders stand for, as commands are told it.
struct ClassMapOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      """
      Lines "folder output", or folders in the order of the outputs, for class folders that are \
      not the model's outputs in order (default: classes.txt in the folder).
      """,
      valueName: "file"))
  var classMap: String?

  /// Returns the classes of a model with `count` outputs, the class map read.
  func classes(count: Int) throws -> ModelClasses {
    try ModelClasses(count: count, map: classMap.map { try ClassMap(path: $0) })
  }
}
