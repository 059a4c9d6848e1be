import Foundation
import RunStorage
import SparsityCore

/// The Pareto front of a run as it is reported; its names are the fields of the JSON.
struct FrontReport: Codable {
  /// A genome in the form of a genome file.
  struct GenomeEntry: Codable {
    var model: String
    var decisions: [String: String]
  }

  /// One member of the front.
  struct Point: Codable {
    /// The birth number.
    var candidate: Int
    var genome: GenomeEntry
    /// The kept fraction of the prunable weights.
    var density: Double
    /// The fraction of the search set classified correctly.
    var accuracy: Double
    var correct: Int
    var images: Int
    /// The mean loss of an image; absent where an older program has journaled what is none.
    var meanLoss: Double?
    /// Images a second on the accelerator.
    var throughput: Double
    var latencyCycles: Int64
    var latencySeconds: Double
    var macs: Int64
    /// The joules of one image, if the accelerator's profile models energy.
    var energyJoulesPerImage: Double?
    /// The bytes of all parameters and of the places of kept weights.
    var weightBytes: Int64
    /// The names of the keys that have measured it; absent without encryption.
    var keys: [String]?
    /// The fraction of the test set classified correctly, once it was measured.
    var testAccuracy: Double?
  }

  /// A candidate that could not be evaluated.
  struct Quarantined: Codable {
    var candidate: Int
    var genome: GenomeEntry
    /// Why it was set aside.
    var reason: String
  }

  /// A key whose results count no more.
  struct DiscardedKey: Codable {
    var key: String
    /// Why.
    var reason: String
  }

  var model: String
  var accelerator: String
  /// The hash of all in the accelerator's profile that costs depend on.
  var acceleratorHash: String
  var batch: Int
  var precision: String
  var instructionSet: String
  /// All that fixes the bits of the results, as in `bf16/kernels-2/avx2/batch-2`.
  var numerics: String
  /// The arithmetic that the weights were calibrated in, if they were.
  var bankArithmetic: String?
  var pruning: String
  var decisions: [String: [String]]
  var objectives: [String]
  var evaluations: Int
  /// The candidates that count as spent although nothing was measured of them.
  var quarantined: [Quarantined]
  /// The keys whose results count no more and were measured again; absent if there are none.
  var discardedKeys: [DiscardedKey]?
  /// The volume that the front dominates, in the units of the objectives.
  var hypervolume: Double
  /// The corner against which the hypervolume is measured, by objective.
  var referencePoint: [String: Double]
  var denseThroughput: Double
  var denseMacs: Int64
  /// The members, the most accurate first.
  var points: [Point]

  /// Reads the report that a run directory holds.
  static func read(_ path: String) throws -> FrontReport {
    guard let json = FileManager.default.contents(atPath: path) else {
      throw CommandFailure("cannot read \(path)")
    }
    return try JSONDecoder().decode(FrontReport.self, from: json)
  }

  /// Returns the test accuracies in the report that a run directory holds, by candidate.
  static func testAccuracies(in directory: RunDirectory) -> [Int: Double] {
    guard FileManager.default.fileExists(atPath: directory.front) else { return [:] }
    do {
      let known = try read(directory.front).points.compactMap { point in
        point.testAccuracy.map { (point.candidate, $0) }
      }
      return Dictionary(known) { first, _ in first }
    } catch {
      Output.note("\(directory.front) cannot be read and is not used: \(error)")
      return [:]
    }
  }

  /// Returns the report with test accuracies, of members that have none.
  func adding(_ testAccuracies: [Int: Double]) -> FrontReport {
    var report = self
    for index in points.indices where points[index].testAccuracy == nil {
      report.points[index].testAccuracy = testAccuracies[points[index].candidate]
    }
    return report
  }

  /// The report as JSON.
  func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self)
  }
}

extension FrontReport {
  /// The report for people.
  var lines: [String] {
    let hasTest = points.contains { $0.testAccuracy != nil }
    var columns: [(heading: String, alignment: TextTable.Alignment)] = [
      ("point", .right), ("candidate", .right), ("layers by pattern", .left), ("density", .right),
      ("accuracy", .right),
    ]
    if hasTest { columns.append(("on test set", .right)) }
    columns += [("images/s", .right), ("× dense", .right), ("MACs/image", .right)]
    let hasEnergy = objectives.contains("energy")
    let hasBytes = objectives.contains("weightBytes")
    if hasEnergy { columns.append(("mJ/image", .right)) }
    if hasBytes { columns.append(("weights", .right)) }
    let hasKeys = Set(points.flatMap { $0.keys ?? [] }).count > 1
    if hasKeys { columns.append(("measured with", .left)) }
    var table = TextTable(columns)
    for (index, point) in points.enumerated() {
      var cells = [
        "\(index + 1)", "#\(point.candidate)", Self.summary(point.genome),
        NumberFormat.fixed(point.density, 3), NumberFormat.percent(point.accuracy),
      ]
      if hasTest { cells.append(point.testAccuracy.map(NumberFormat.percent) ?? "") }
      cells += [
        NumberFormat.fixed(point.throughput, 1),
        NumberFormat.fixed(point.throughput / denseThroughput, 2), NumberFormat.scaled(point.macs),
      ]
      if hasEnergy {
        cells.append(point.energyJoulesPerImage.map { NumberFormat.fixed($0 * 1e3, 3) } ?? "")
      }
      if hasBytes { cells.append(NumberFormat.bytes(point.weightBytes)) }
      if hasKeys { cells.append(Self.summary(ofKeys: point.keys ?? [])) }
      table.append(cells)
    }
    return table.lines + [
      "",
      "hypervolume \(NumberFormat.fixed(hypervolume, 4)) "
        + "(\(objectives.joined(separator: " × ")), reference point \(referenceText)), "
        + "\(counted(evaluations, "evaluation")), \(points.count) on the front",
      "computed in \(numerics)" + (bankArithmetic.map { ", weights calibrated in \($0)" } ?? ""),
    ] + quarantineLines + discardLines
  }

  /// The names of the first keys, and how many more there are.
  private static func summary(ofKeys names: [String]) -> String {
    let shown = names.prefix(2).joined(separator: ", ")
    return names.count > 2 ? "\(shown) and \(names.count - 2) more" : shown
  }

  /// The most quarantined candidates that are shown to people one by one.
  private static let quarantineLineCountMax = 10

  /// The quarantined candidates, a line each.
  private var quarantineLines: [String] {
    guard !quarantined.isEmpty else { return [] }
    var lines = ["", "quarantined, not evaluated:"]
    for entry in quarantined.prefix(Self.quarantineLineCountMax) {
      lines.append("  #\(entry.candidate) (\(Self.summary(entry.genome))): \(entry.reason)")
    }
    let rest = quarantined.count - Self.quarantineLineCountMax
    if rest > 0 { lines.append("  and \(rest) more; see --json") }
    return lines
  }

  /// The keys whose results count no more, a line each.
  private var discardLines: [String] {
    guard let discardedKeys else { return [] }
    return ["", "trusted no more, what they have delivered is measured again:"]
      + discardedKeys.map { "  key \($0.key): \($0.reason)" }
  }

  /// What is quarantined in one sentence, or `nil` if nothing is.
  var quarantineWords: String? {
    guard let first = quarantined.first else { return nil }
    if quarantined.count == 1 {
      return "candidate #\(first.candidate) is quarantined and was not evaluated (\(first.reason))"
    }
    return "\(quarantined.count) candidates are quarantined and were not evaluated, the first is "
      + "#\(first.candidate) (\(first.reason))"
  }

  /// The report as comma-separated values, a line a point.
  var csvLines: [String] {
    let heading =
      "candidate,density,accuracy,testAccuracy,throughput,latencySeconds,macs,"
      + "energyJoulesPerImage,weightBytes,meanLoss,decisions"
    return [heading]
      + points.map { point in
        let decisions = point.genome.decisions.sorted { $0.key < $1.key }
          .map { "\($0.key)=\($0.value)" }.joined(separator: ";")
        let energy = point.energyJoulesPerImage.map { "\($0)" } ?? ""
        let test = point.testAccuracy.map { "\($0)" } ?? ""
        let loss = point.meanLoss.map { "\($0)" } ?? ""
        return "\(point.candidate),\(point.density),\(point.accuracy),\(test),"
          + "\(point.throughput),\(point.latencySeconds),\(point.macs),"
          + "\(energy),\(point.weightBytes),\(loss),\(decisions)"
      }
  }

  private var referenceText: String {
    objectives.map { "\($0) \(NumberFormat.short(referencePoint[$0] ?? 0))" }
      .joined(separator: ", ")
  }

  /// Returns how many decisions take each choice, as in `4× 4:4, 20× 2:4`.
  private static func summary(_ genome: GenomeEntry) -> String {
    let counts = Dictionary(grouping: genome.decisions.values) { $0 }.mapValues(\.count)
    if counts.count == 1, let pattern = counts.keys.first { return "all \(pattern)" }
    return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
      .map { "\($0.value)× \($0.key)" }.joined(separator: ", ")
  }
}
