import Coordination
import EvolutionarySearch
import Foundation
import RunStorage
import SparsityCore
import TextReports
import WireProtocol

/// What earlier runs have found about genomes of a new run's search space. The run keeps a copy, so
/// that it needs the earlier ones no more.
struct WarmStart {
  /// The results, the ones that lose least first.
  let results: [EarlierResult]
  /// The results that the earlier runs have, whatever their genomes.
  private let foundCount: Int

  /// The most results that are kept: those that lose least.
  static let resultCountMax = 1_000

  /// Reads what runs have measured.
  ///
  /// - Parameter isAllowed: whether this run may evaluate a genome of its space.
  /// - Throws: ``TextReports/ExplainedError`` for a folder without a run, for runs about other
  ///   decisions, and if nothing lies in the space.
  /// - Complexity: O(*n*) for *n* records.
  init(
    of directories: [String], in space: SearchSpace, isAllowed: (Genome) -> Bool
  ) throws {
    var found: [EarlierResult] = []
    var count = 0
    for path in directories {
      let (all, own) = try Self.results(of: RunDirectory(path: path), in: space)
      count += all
      found += own.filter { isAllowed($0.genome) }
    }
    guard !found.isEmpty else {
      throw ExplainedError(
        "of \(counted(count, "result")) of the runs under search.warmStart, none lies in this "
          + "run's search space",
        nextStep: "leave them out, or offer the choices that they had", isWrongUsage: true)
    }
    let order = found.enumerated().sorted { one, other in
      let (own, others) = (Self.lost(one.element), Self.lost(other.element))
      return own == others ? one.offset < other.offset : own < others
    }
    results = order.prefix(Self.resultCountMax).map(\.element)
    foundCount = count
  }

  private static func lost(_ result: EarlierResult) -> Double {
    result.meanLoss ?? 1 - result.share
  }

  /// Returns how many candidates a run has evaluated, and those whose choices a space has.
  private static func results(
    of directory: RunDirectory, in space: SearchSpace
  ) throws -> (count: Int, results: [EarlierResult]) {
    guard directory.holdsRun else {
      throw ExplainedError(
        "\(directory.path) under search.warmStart holds no run",
        nextStep: "name the run directory of an earlier search", isWrongUsage: true)
    }
    let reader = try JournalReader(of: directory)
    guard let description = try RunOpening.first(of: reader, in: directory)?.description else {
      throw ExplainedError("the run in \(directory.path) under search.warmStart has not begun")
    }
    let translation = try Translation(from: description.space, to: space, of: directory)
    let place = description.objectives.firstIndex(of: .accuracy)
    let discards = DiscardedResults(try reader.discards())
    var genomes: [CandidateID: Genome] = [:]
    var tainted: Set<CandidateID> = []
    var found: [EarlierResult] = []
    var count = 0
    let records = JournalRecords(of: reader)
    var sequence = -1
    while let record = records.next() {
      sequence += 1
      guard sequence >= discards.searchStart else { continue }
      switch record {
      case .proposed(let candidate, let genome): genomes[candidate] = genome
      case .shardCompleted(let completion)
      where discards.contains(resultOf: completion.keyName, at: sequence):
        tainted.insert(completion.shard.candidate)
      case .evaluated(let result):
        count += 1
        guard !tainted.contains(result.candidate), let place,
          let genome = genomes.removeValue(forKey: result.candidate).flatMap(translation.genome)
        else { continue }
        found.append(
          EarlierResult(
            genome: genome, share: min(1, max(0, result.objectives[place])),
            meanLoss: result.meanLoss, imageCount: result.imageCount))
      default: break
      }
    }
    if let failure = records.failure { throw failure }
    return (count, found)
  }

  /// What is to be said of the earlier results.
  var diagnostic: String {
    "\(counted(results.count, "result")) of \(foundCount) of earlier runs lie in this search "
      + "space, and the search expects the like, about"
  }
}

/// Genomes of one search space as those of another that decides about the same.
private struct Translation {
  /// For each decision its place in the other space, and its choices' places here.
  private let decisions: [(place: Int, choices: [UInt8?])]

  init(from other: SearchSpace, to space: SearchSpace, of directory: RunDirectory) throws {
    let places = Dictionary(
      other.decisions.enumerated().map { ($0.element.name, $0.offset) }
    ) { first, _ in first }
    decisions = try space.decisions.map { decision in
      guard let place = places[decision.name] else {
        throw ExplainedError(
          "the run in \(directory.path) under search.warmStart has no decision \(decision.name)",
          nextStep: "name runs about the same decisions", isWrongUsage: true)
      }
      let choices = other.decisions[place].choices.map { choice in
        decision.choices.firstIndex(of: choice).map { UInt8($0) }
      }
      return (place, choices)
    }
  }

  /// Returns a genome of the other space as one here; `nil` if it makes a choice that is none here.
  func genome(_ other: Genome) -> Genome? {
    var genes: [UInt8] = []
    for (place, choices) in decisions {
      guard let gene = choices[Int(other.genes[place])] else { return nil }
      genes.append(gene)
    }
    return Genome(genes: genes)
  }
}

// MARK: The copy of a run

extension WarmStart {
  /// A result as the file has it.
  private struct Entry: Codable {
    var genes: [UInt8]
    var share: Double
    var meanLoss: Double?
    var images: Int
  }

  /// Reads what a run has kept.
  ///
  /// - Throws: ``TextReports/ExplainedError`` for a file that is missing, damaged or of another
  ///   search space.
  static func kept(in directory: RunDirectory, space: SearchSpace) throws -> [EarlierResult] {
    let path = directory.warmStart
    do {
      let entries = try JSONDecoder().decode(
        [Entry].self, from: Data(contentsOf: URL(filePath: path)))
      return try entries.map { entry in
        let genome = Genome(genes: entry.genes)
        guard space.contains(genome), (0...1).contains(entry.share), entry.images > 0,
          entry.meanLoss?.isFinite ?? true
        else {
          throw ExplainedError("a result in it cannot be one of this run's search space")
        }
        return EarlierResult(
          genome: genome, share: entry.share, meanLoss: entry.meanLoss, imageCount: entry.images)
      }
    } catch {
      throw ExplainedError(
        "the results of earlier runs in \(path) cannot be read: \(error)",
        nextStep: "put the file back: what the search proposes depends on it")
    }
  }

  /// Keeps the results in a run directory.
  func keep(in directory: LockedRunDirectory) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let entries = results.map { result in
      Entry(
        genes: result.genome.genes, share: result.share, meanLoss: result.meanLoss,
        images: result.imageCount)
    }
    try directory.write(encoder.encode(entries), to: directory.files.warmStart)
  }
}

extension SearchSettings {
  /// Begins a search with what earlier ones have found: an algorithm that learns expects it, others
  /// ask for the genomes first that were not dominated there.
  mutating func begin(with results: [EarlierResult], _ plan: RunPlan) {
    guard algorithm != .bayesian else {
      warmStart = results
      return
    }
    var front = Archive()
    for (number, result) in results.enumerated() {
      let cost = plan.costs.cost(of: result.genome)
      let objectives = plan.runFile.objectives.map { objective -> Double in
        guard objective != .accuracy else { return -result.share }
        // Of what is measured nothing is known here.
        return cost.value(of: objective).map(objective.minimized) ?? 0
      }
      front.insert(
        Individual(id: CandidateID(number), genome: result.genome, objectives: objectives))
    }
    let known = Set(initial)
    initial += front.individuals.map(\.genome).filter { !known.contains($0) }
  }
}
