import ArgumentParser

/// The one way to do without encryption, the same on both ends.
struct PlainTextOptions: ParsableArguments {
  /// The flag as it is written.
  static let flag = "--insecure-plain-text"

  @Flag(
    help: ArgumentHelp(
      "No encryption and no keys, which the other end must be told, too: anyone who reaches the "
        + "port, any user of this machine among them, can join, read and spoil the run."))
  var insecurePlainText = false
}
