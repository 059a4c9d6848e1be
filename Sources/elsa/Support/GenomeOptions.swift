import ArgumentParser
import Foundation
import NetworkArchitectures
import RunFiles
import SparsityCore

/// Which pattern each layer takes, as commands are told it.
struct GenomeOptions: ParsableArguments {
  @Option(help: ArgumentHelp("One pattern for every layer, as in 2:4.", valueName: "N:M"))
  var uniform: String?

  @Option(
    help: ArgumentHelp(
      """
      A genome in JSON, the front.json of a run with --point, or elsa:1121,2221,… (the paper's \
      digits: N of 4 for proj, qkv, fc1, fc2).
      """,
      valueName: "file"))
  var genome: String?

  @Option(
    help: ArgumentHelp("The point of a front: its row in elsa front, from 1.", valueName: "number"))
  var point: Int?

  func validate() throws {
    if uniform != nil, genome != nil {
      throw ValidationError("--uniform and --genome exclude each other.")
    }
    if let uniform, NMPattern(uniform) == nil {
      throw ValidationError(
        "--uniform is \"\(uniform)\"; write N:M with 1 ≤ N ≤ M ≤ 16, as in 2:4.")
    }
  }

  /// Refuses `--point` where no front is named; `hasRun` says that a run directory is.
  func checkPoint(hasRun: Bool = false) throws {
    guard let point else { return }
    guard genome.map({ !$0.hasPrefix(Self.digitsPrefix) }) ?? hasRun else {
      throw ValidationError("--point belongs to a front: add --genome my-run/front.json.")
    }
    guard point >= 1 else { throw ValidationError("--point is \(point); points count from 1.") }
  }

  /// Returns the pattern of each prunable layer of a network; dense if no option is given.
  ///
  /// - Parameter name: The model's name, which a genome must not contradict.
  func assignment(for network: Network, of name: String) throws -> [NMPattern] {
    let layers = network.prunableLayers
    if let uniform, let pattern = NMPattern(uniform) { return layers.map { _ in pattern } }
    guard let genome else { return layers.map { _ in .dense } }
    if genome.hasPrefix(Self.digitsPrefix) {
      return try GenomeFile.elsaAssignment(
        String(genome.dropFirst(Self.digitsPrefix.count)), for: network)
    }
    let json = Data(try TextFile.bytes(of: genome, limit: GenomeFile.sizeMax))
    let file = try GenomeFile(json: json, file: genome, point: point)
    try file.check(isOf: name, file: genome)
    return try file.assignment(for: layers, file: genome)
  }

  private static let digitsPrefix = "elsa:"

  /// Returns the smallest search space that holds `assignment`, and its genome there.
  static func space(
    of assignment: [NMPattern], layers: [PrunableLayer]
  ) -> (space: SearchSpace, genome: Genome) {
    let decisions = zip(layers, assignment).map {
      Decision(name: $0.name, choices: [.pattern($1)])
    }
    return (SearchSpace(decisions: decisions), Genome(uniform: 0, count: decisions.count))
  }
}
