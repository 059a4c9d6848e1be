import AcceleratorModel
import ArgumentParser
import Foundation
import RunFiles
import RunPreparation
import SparsityCore
import TextReports

/// What accelerators are known, what their profiles say, and whether a profile is sound.
struct AcceleratorsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "accelerators",
    abstract: "Lists, shows, checks and fits accelerator profiles.",
    discussion: """
      A profile describes an accelerator in YAML or JSON. To describe your own, write out a \
      built-in one, change it and check it.

      EXAMPLES
        elsa accelerators list
        elsa accelerators show vegeta > mine.yaml
        elsa accelerators validate mine.yaml
        elsa accelerators import scale.cfg > scale.yaml
      """,
    subcommands: [List.self, Show.self, Validate.self, Fit.self, Import.self])
}

extension AcceleratorsCommand {
  /// The built-in profiles.
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the built-in profiles.",
      discussion: """
        EXAMPLES
          elsa accelerators list
          elsa accelerators list --json
        """)

    @Flag(help: "Print JSON.")
    var json = false

    /// A profile as it is listed.
    private struct Entry: Encodable {
      let name: String
      let engine: String
      let levels: [String]
      let description: String
      let hash: String
    }

    func run() throws {
      let entries = AcceleratorProfile.all.map { profile in
        Entry(
          name: profile.name, engine: profile.engine.name,
          levels: AcceleratorsCommand.levels(of: profile), description: profile.summary,
          hash: profile.contentHash.description)
      }
      if json { return try Output.json(entries) }
      var table = TextTable([
        ("name", .left), ("engine", .left), ("patterns", .left), ("description", .left),
      ])
      for entry in entries {
        table.append([
          entry.name, entry.engine, entry.levels.joined(separator: " "), entry.description,
        ])
      }
      table.lines.forEach(Output.result)
    }
  }

  /// One profile, in a form that can be read again.
  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints a profile with the source of each parameter.",
      discussion: """
        What is printed is a profile in YAML (or JSON) that --accelerator and run files take.

        EXAMPLES
          elsa accelerators show a100
          elsa accelerators show vegeta --json
        """)

    @Argument(help: ArgumentHelp("A built-in profile or a file.", valueName: "name|file"))
    var profile: String

    @Flag(help: "Print JSON.")
    var json = false

    func run() throws {
      let profile = try AcceleratorFile.profile(profile)
      let text = json ? profile.json + "\n" : profile.yaml
      Output.resultRaw(text)
    }
  }

  /// The check of a profile that a person wrote.
  struct Validate: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Checks a profile; a mistake is told with its line and the remedy.",
      discussion: """
        EXAMPLES
          elsa accelerators validate mine.yaml
          elsa accelerators validate mine.json --json
        """)

    @Argument(help: ArgumentHelp("The profile.", valueName: "file"))
    var file: String

    @Flag(help: "Print JSON.")
    var json = false

    /// What is said of a sound profile.
    private struct Report: Encodable {
      let name: String
      let engine: String
      let levels: [String]
      let hash: String
      let parametersWithoutSource: [String]
    }

    func run() throws {
      let profile = try AcceleratorFile.profile(
        AcceleratorFile.isPath(file) ? file : "./\(file)")
      let unsourced = profile.parameters.map(\.path).filter { profile.sources[$0] == nil }
      let report = Report(
        name: profile.name, engine: profile.engine.name,
        levels: AcceleratorsCommand.levels(of: profile), hash: profile.contentHash.description,
        parametersWithoutSource: unsourced)
      if json { return try Output.json(report) }
      Output.result("\(profile) is sound")
      Output.result("  patterns  \(report.levels.joined(separator: " "))")
      Output.result("  hash      \(profile.contentHash.abbreviated)")
      if !unsourced.isEmpty {
        Output.result(
          "  sources   \(counted(unsourced.count, "parameter")) without one, such as "
            + "\(unsourced[0]); add them under sources if others are to trust the profile")
      }
    }
  }

  /// A profile made from a SCALE-Sim configuration.
  struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Prints the profile of a SCALE-Sim configuration (.cfg).",
      discussion: """
        EXAMPLES
          elsa accelerators import scale.cfg > scale.yaml
          elsa estimate --topology layers.csv --accelerator scale.yaml
        """)

    @Argument(help: ArgumentHelp("The configuration.", valueName: "file.cfg"))
    var file: String

    func run() throws {
      let configuration = try ScaleSimConfiguration(
        text: TextFile.text(of: file), file: file)
      Output.resultRaw(configuration.profile().yaml)
    }
  }

  /// The patterns that run as such, as text.
  static func levels(of profile: AcceleratorProfile) -> [String] {
    guard case .only(let patterns) = profile.levels else { return ["any"] }
    let sparse = patterns.filter { !$0.isDense }.sorted().map(\.description)
    return sparse + ["dense"]
  }
}
