import ContentHashing
import Coordination
import Foundation
import ModelFiles
import RunStorage
import SparsityCore
import Testing
import TestSupport
import WireProtocol

/// What a run has found, as sorted lines that depend on no layout: of each measured shard the
/// genome in canonical text, the numbers of the images, the correct bits and the bits of the loss;
/// and the front.
///
/// Keys, names of workers, and how journal and files are laid out leave no trace in it.
struct RunFindings {
  let text: String

  /// Reads the journal and the front of a run directory.
  init(ofRunIn path: String) throws {
    let shards = try Self.shardLines(RunDirectory(path: path))
    let front = try Self.frontLines(path)
    text = (shards + front).map { $0 + "\n" }.joined()
  }

  /// The SHA-256 of the lines, in hexadecimal.
  var digest: String {
    let bytes = Array(text.utf8)
    return ContentHash(of: bytes.span).bytes
      .map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
  }

  /// The lines of all shards, sorted.
  private static func shardLines(_ directory: RunDirectory) throws -> [String] {
    var opened: RunDescription?
    var genomes: [CandidateID: Genome] = [:]
    var completions: [ShardCompletion] = []
    for record in try JournalReader(of: directory).records() {
      if case .opened(let opening) = record { opened = opening.description }
      if case .proposed(let candidate, let genome) = record { genomes[candidate] = genome }
      if case .shardCompleted(let completion) = record { completions.append(completion) }
    }
    let description = try #require(opened)
    let space = description.space
    let images = description.shuffledImages()
    return try completions.map { completion in
      let genome = try #require(genomes[completion.shard.candidate])
      let slice = description.slices[completion.shard.slice]
      let measurement = completion.measurement
      let numbers = images[slice.range].map { "\($0)" }.joined(separator: ",")
      let correct = (0..<measurement.correct.count)
        .map { measurement.correct[$0] ? "1" : "0" }.joined()
      let loss = try #require(measurement.summedLoss)
      return "shard \(space.canonicalText(of: genome)) images \(numbers) correct \(correct) "
        + "loss \(bits(loss))"
    }.sorted()
  }

  /// The lines of the front: its members sorted, then the hypervolume and its reference point.
  private static func frontLines(_ path: String) throws -> [String] {
    let front = try Program.run(["front", path, "--json"]).json()
    let points = try #require(front["points"] as? [[String: Any]]).map { point in
      let genome = try #require(point["genome"] as? [String: Any])
      let layers = try #require(genome["decisions"] as? [String: String])
      let choices = layers.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      let integers = try ["correct", "images", "latencyCycles", "macs", "weightBytes"].map {
        "\($0) \(try #require(point[$0] as? Int))"
      }
      let fractions = try ["accuracy", "density", "meanLoss", "throughput"].map {
        "\($0) \(bits(try #require(point[$0] as? Double)))"
      }
      let values = (integers + fractions).joined(separator: " ")
      return "front \(choices.joined(separator: ";")) \(values)"
    }
    let reference = try #require(front["referencePoint"] as? [String: Double])
    let point = reference.sorted { $0.key < $1.key }.map { "\($0.key) \(bits($0.value))" }
    let hypervolume = try #require(front["hypervolume"] as? Double)
    return points.sorted() + [
      "hypervolume \(bits(hypervolume)) reference point \(point.joined(separator: " "))"
    ]
  }

  /// The bits of a number in hexadecimal.
  private static func bits(_ number: Double) -> String { String(number.bitPattern, radix: 16) }
}
