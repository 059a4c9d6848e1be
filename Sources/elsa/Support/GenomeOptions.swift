import ArgumentParser
import Foundation
import RunFiles
import SparsityCore

/// Which pattern each layer takes, as commands are told it.
struct GenomeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("One pattern for every layer, as in 2:4.", valueName: "N:M"))
  var uniform: String?

  @Option(
    help: ArgumentHelp(
      "A genome in JSON, or elsa:1121,2221,… (the paper's digits: N of 4 for proj, qkv, fc1, fc2).",
      valueName: "file"))
  var genome: String?

  func validate() throws {
    if uniform != nil, genome != nil {
      throw ValidationError("--uniform and --genome exclude each other.")
    }
    if let uniform, NMPattern(uniform) == nil {
      throw ValidationError(
        "--uniform is \"\(uniform)\"; write N:M with 1 ≤ N ≤ M ≤ 16, as in 2:4.")
    }
  }

  /// Returns the pattern of each of `layers`; dense if no option is given.
  func assignment(for layers: [PrunableLayer]) throws -> [NMPattern] {
    if let uniform, let pattern = NMPattern(uniform) { return layers.map { _ in pattern } }
    guard let genome else { return layers.map { _ in .dense } }
    if genome.hasPrefix("elsa:") {
      return try GenomeFile.elsaAssignment(String(genome.dropFirst(5)), for: layers)
    }
    guard let json = FileManager.default.contents(atPath: genome) else {
      throw CommandFailure(
        "cannot read the genome \(genome)", nextStep: "give the path of a JSON file, or elsa:…")
    }
    return try GenomeFile(json: json, file: genome).assignment(for: layers, file: genome)
  }

  /// Returns the smallest search space that holds `assignment`, and its genome there.
  static func space(
    of assignment: [NMPattern], layers: [PrunableLayer]
  ) -> (space: SearchSpace, genome: Genome) {
    let space = SearchSpace(layers: layers, patterns: Array(Set(assignment)))
    guard let genome = space.genome(choosing: assignment) else {
      preconditionFailure("the space holds every pattern of the assignment")
    }
    return (space, genome)
  }
}
