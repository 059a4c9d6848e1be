import Coordination
import Foundation
import SparsityCore
import Testing
import WireProtocol

/// A script of events with the effects that they had: `> event` lines, then what came out.
///
/// Lines that begin with `#` and empty lines are for the reader.
enum TraceText {
  static var folder: URL {
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Traces")
  }

  /// Runs the events of a script and compares what comes out with what the script says.
  ///
  /// With `ELSA_UPDATE_TRACES` in the environment the script is rewritten instead.
  static func check(_ name: String, perform: (Arguments) throws -> [String]) throws {
    let file = folder.appending(path: name)
    let text = try String(contentsOf: file, encoding: .utf8)
    var output: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty || line.hasPrefix("#") {
        output.append(String(line))
      } else if line.hasPrefix("> ") {
        output.append(String(line))
        output += try perform(Arguments(line.dropFirst(2)))
      }
    }
    let result = output.joined(separator: "\n")
    if ProcessInfo.processInfo.environment["ELSA_UPDATE_TRACES"] != nil {
      try result.write(to: file, atomically: true, encoding: .utf8)
    } else {
      #expect(result == text, "\(name) differs; look with ELSA_UPDATE_TRACES=1 and git diff")
    }
  }

  /// The words of an event.
  struct Arguments {
    let words: [Substring]

    init(_ line: Substring) {
      words = line.split(separator: " ")
    }

    var command: String { String(words[0]) }

    subscript(index: Int) -> String { index < words.count ? String(words[index]) : "" }

    var duration: Duration { .milliseconds(Int(self[1].dropLast(2)) ?? 0) }

    var worker: WorkerID { WorkerID(UInt64(self[1].utf8.first ?? 0)) }

    func number(_ index: Int) -> Int { Int(self[index]) ?? 0 }

    func shard(_ index: Int) throws -> ShardID { try Self.shard(words[index]) }

    /// The number behind a name, as in `ends:9000`.
    func number(named name: String) -> Int? {
      words.first { $0.hasPrefix("\(name):") }.flatMap { Int($0.dropFirst(name.count + 1)) }
    }

    /// The shards behind `index`, each with a state, as in `#0/1:queued` or `#0/1:2`.
    func held(from index: Int, _ run: TestRun) throws -> [HeldShard] {
      try words.dropFirst(index).filter { $0.hasPrefix("#") }.map { word in
        let parts = word.split(separator: ":")
        let shard = try Self.shard(parts[0])
        let state: HeldShard.State =
          switch parts[1] {
          case "queued": .queued
          case "measured": .measured
          default: .running(imagesDone: Int(parts[1]) ?? 0)
          }
        return HeldShard(
          shard: shard, key: run.key(of: shard), state: state,
          token: run.token(of: shard, for: worker))
      }
    }

    private static func shard(_ word: Substring) throws -> ShardID {
      let numbers = word.dropFirst().split(separator: "/").compactMap { Int($0) }
      try #require(numbers.count == 2)
      return ShardID(candidate: CandidateID(numbers[0]), slice: numbers[1])
    }
  }

  static func name(_ worker: WorkerID) -> String {
    String(decoding: [UInt8(truncatingIfNeeded: worker.rawValue)], as: UTF8.self)
  }

  static func text(_ held: [HeldShard]) -> String {
    held.map { entry in
      switch entry.state {
      case .queued: " \(entry.shard):queued"
      case .running(let done): " \(entry.shard):\(done)"
      case .measured: " \(entry.shard):measured"
      }
    }.joined()
  }

  private static func ends(_ milliseconds: Int?) -> String {
    milliseconds.map { " ends:\($0)" } ?? ""
  }

  static func text(_ message: Message) -> String {
    switch message {
    case .hello(let hello): "HELLO\(text(hello.held))\(ends(hello.remainingMilliseconds))"
    case .request(let request):
      "REQUEST \(request.leaseCountMax)\(ends(request.remainingMilliseconds))"
    case .heartbeat(let beat):
      "HEARTBEAT \(beat.leaseCountMax)\(text(beat.held))\(ends(beat.remainingMilliseconds))"
        + (beat.isLeaving ? " leaving" : "")
    case .result(let result): "RESULT \(result.shard)"
    case .reject(let rejection): "REJECT \(rejection.shard) \(rejection.reason)"
    case .bye(let farewell): "BYE \(farewell.reason)"
    case .refused(let refusal):
      "REFUSED \(refusal.reason)\(refusal.isFinal ? "" : " for now"): \(refusal.diagnostic)"
    case .lease(let grant): "LEASE \(grant.shard) attempt \(grant.attempt)"
    case .cancel(let reference), .acknowledge(let reference):
      "\(message.name) \(reference.shard)"
    default: message.name
    }
  }

  static func text(_ record: JournalRecord) -> String {
    switch record {
    case .opened(let opening): "opened term \(opening.term)"
    case .joined(let session): "joined \(session.label) with \(session.keyName)"
    case .proposed(let candidate, let genome): "proposed \(candidate) \(genome.genes)"
    case .shardCompleted(let completion):
      "completed \(completion.shard) by \(completion.worker)"
    case .evaluated(let evaluated):
      "evaluated \(evaluated.candidate) \(evaluated.correctCount)/\(evaluated.imageCount)"
    case .confirmed(let shard, let keyName): "confirmed \(shard) with \(keyName)"
    case .discarded(let key):
      "discarded \(key.keyName)\(key.restartsSearch ? " and begun anew" : "")"
    case .quarantined(let candidate, let diagnostic): "quarantined \(candidate) \(diagnostic)"
    }
  }
}
