import Foundation
import GRDB
import SparsityCore
import WireProtocol

/// A record as a row: its bytes, and columns by which users can query the journal.
struct JournalRow {
  var kind: String
  var candidate: Int?
  var slice: Int?
  var genome: String?
  var shardKey: Data?
  var correct: Data?
  var correctCount: Int?
  var imageCount: Int?
  var loss: Double?
  var objectives: String?
  var worker: String?
  var milliseconds: Double?
  var detail: String?

  /// Creates the columns of a record; `choices` are those of the run's decisions as users write
  /// them.
  init(_ record: JournalRecord, choices: [[String]]) {
    switch record {
    case .opened: kind = "opened"
    case .joined(let session):
      kind = "joined"
      worker = session.label
      detail = session.keyName
    case .proposed(let id, let genes):
      kind = "proposed"
      candidate = id.rawValue
      genome = Self.text(of: genes, choices: choices)
    case .shardCompleted(let completion):
      kind = "shard"
      candidate = completion.shard.candidate.rawValue
      slice = completion.shard.slice
      shardKey = Data(completion.key.hash.bytes)
      correct = Data(completion.measurement.correct.bytes)
      correctCount = completion.measurement.correct.populationCount
      imageCount = completion.measurement.correct.count
      loss = completion.measurement.summedLoss
      worker = completion.worker
      milliseconds = Double(completion.evaluationMicroseconds) / 1_000
      detail = completion.keyName.isEmpty ? nil : completion.keyName
    case .evaluated(let evaluated):
      kind = "evaluated"
      candidate = evaluated.candidate.rawValue
      correctCount = evaluated.correctCount
      imageCount = evaluated.imageCount
      loss = evaluated.summedLoss
      objectives = "[" + evaluated.objectives.map { "\($0)" }.joined(separator: ",") + "]"
    case .quarantined(let id, let reason):
      kind = "quarantined"
      candidate = id.rawValue
      detail = reason
    case .confirmed(let shard, let keyName):
      kind = "confirmed"
      candidate = shard.candidate.rawValue
      slice = shard.slice
      detail = keyName
    case .discarded(let key):
      kind = "discarded"
      worker = key.keyName
      detail = key.diagnostic
    }
  }

  /// Returns what a genome chooses, as in `2:4 4:4`.
  private static func text(of genome: Genome, choices: [[String]]) -> String {
    var text = ""
    text.reserveCapacity(genome.genes.count * 5)
    for (place, gene) in genome.genes.enumerated() {
      if !text.isEmpty { text += " " }
      let known = choices.indices.contains(place) && choices[place].indices.contains(Int(gene))
      text += known ? choices[place][Int(gene)] : "choice \(gene)"
    }
    return text
  }

  /// Returns the values of ``JournalFormat/insertion``.
  func arguments(sequence: Int, content: [UInt8], written: String) -> StatementArguments {
    [
      sequence, kind, candidate, slice, genome, shardKey, correct, correctCount, imageCount, loss,
      objectives, worker, milliseconds, detail, written,
      Data(content),
      JournalFormat.digest(sequence: sequence, content: content),
    ]
  }
}
