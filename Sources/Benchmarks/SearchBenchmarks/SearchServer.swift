import Foundation
import SparsityCore

/// Measures genomes for a search that is none of ours, one JSON object a line.
///
/// `{"genome":[3,0,…]}` is answered with what was measured; `{"report":true}` with how good the
/// front of all that was measured is.
package struct SearchServer {
  private let benchmark: SearchBenchmark
  private var run = MeasuredRun()

  /// Serves the problem of a benchmark.
  package init(_ benchmark: SearchBenchmark) { self.benchmark = benchmark }

  private struct Greeting: Encodable {
    let choices: [Int]
    let images: Int
    let leastAccuracy: Double
    let denseThroughput: Double
  }

  private struct Request: Decodable {
    let genome: [Int]?
    let report: Bool?
  }

  private struct Answer: Encodable {
    var evaluations: Int?
    var accuracy: Double?
    var meanLoss: Double?
    var throughput: Double?
    var share: Double?
    var evaluatedShare: Double?
    var error: String?
  }

  /// The first line: what the problem is.
  package var greeting: String {
    let problem = benchmark.problem
    return Self.line(
      Greeting(
        choices: problem.choiceCounts, images: problem.imageCount,
        leastAccuracy: SearchBenchmark.leastAccuracy,
        denseThroughput: problem.throughput(of: problem.dense)))
  }

  /// Returns the answer to a line.
  package mutating func answer(to line: String) -> String {
    guard let request = try? JSONDecoder().decode(Request.self, from: Data(line.utf8)) else {
      return Self.line(Answer(error: "the line is no JSON object with genome or report"))
    }
    guard let genes = request.genome else {
      let outcome = benchmark.outcome(of: run, proposalSeconds: 0)
      return Self.line(
        Answer(
          evaluations: run.evaluated.count, share: outcome.share,
          evaluatedShare: outcome.evaluatedShare))
    }
    let counts = benchmark.problem.choiceCounts
    guard genes.count == counts.count, zip(genes, counts).allSatisfy({ (0..<$1).contains($0) })
    else {
      return Self.line(
        Answer(error: "the genome is none of \(counts.count) genes and their choices"))
    }
    let genome = Genome(genes: genes.map { UInt8($0) })
    let measured = run.measure(genome, of: benchmark.problem)
    return Self.line(
      Answer(
        evaluations: run.evaluated.count, accuracy: measured.accuracy,
        meanLoss: benchmark.tellsLosses ? measured.meanLoss : nil,
        throughput: measured.throughput))
  }

  private static func line(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    guard let data = try? encoder.encode(value) else {
      preconditionFailure("numbers and texts can be written as JSON")
    }
    return String(decoding: data, as: UTF8.self)
  }
}
