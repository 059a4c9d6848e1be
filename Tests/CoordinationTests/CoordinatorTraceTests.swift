import Coordination
import SparsityCore
import TestSupport
import Testing
import WireProtocol

/// Scripts of what a coordinator is told and what it asks for; the folder documents the protocol.
struct CoordinatorTraceTests {
  @Test(arguments: [
    "coordinator-run.txt", "coordinator-restart.txt", "coordinator-lost-worker.txt",
    "coordinator-storage.txt", "coordinator-refusals.txt", "coordinator-quarantine.txt",
    "coordinator-sick-worker.txt", "coordinator-drain.txt", "coordinator-stop.txt",
    "coordinator-revocation.txt",
    "coordinator-stragglers.txt", "coordinator-slow-worker.txt", "coordinator-end-time.txt",
    "coordinator-lost-together.txt", "coordinator-trial.txt", "coordinator-killer.txt",
    "coordinator-forger.txt",
  ])
  func `the coordinator does what the script says`(name: String) throws {
    let longs = ["sick-worker", "slow-worker", "end-time"]
    let isLong = longs.contains { name == "coordinator-\($0).txt" }
    var player = try Player(evaluations: isLong ? 6 : 2)
    try TraceText.check(name) { try player.perform($0) }
  }

  /// A coordinator with a store that answers when the script says so.
  struct Player {
    var run: TestRun
    var machine: Coordinator
    var now = Instant.start
    var journal: [JournalRecord] = []
    var batch: JournalBatch?
    var isOver = false

    init(evaluations: Int) throws {
      run = try TestRun(evaluations: evaluations)
      machine = try Coordinator(settings: run.settings, recovering: [])
    }

    mutating func perform(_ arguments: TraceText.Arguments) throws -> [String] {
      switch arguments.command {
      case "wait":
        return wait(arguments.duration)
      case "restart":
        machine = try Coordinator(settings: run.settings, recovering: journal)
        batch = nil
        now = .start
        return apply(.started)
      default:
        return apply(try event(arguments))
      }
    }

    private mutating func wait(_ duration: Duration) -> [String] {
      let end = now + duration
      var lines: [String] = []
      while let deadline = machine.nextDeadline, deadline <= end {
        now = max(now, deadline)
        lines += apply(.ticked)
      }
      now = end
      return lines + apply(.ticked)
    }

    private mutating func apply(_ event: Coordinator.Event) -> [String] {
      let effects = machine.applyThinking(event, at: now)
      machine.checkInvariants()
      return effects.map { effect in
        switch effect {
        case .send(let envelope, let worker):
          if case .lease(let grant) = envelope.message {
            run.genomes[grant.shard.candidate] = grant.genome
          }
          return "\(TraceText.text(envelope.message)) → \(TraceText.name(worker))"
        case .persist(let batch):
          self.batch = batch
          return "persist \(batch.firstSequence): "
            + batch.records.map(TraceText.text).joined(separator: ", ")
        case .snapshot(let snapshot): return "snapshot of \(snapshot.recordCount) records"
        case .serve(let message, let worker):
          return "serve \(message.name) to \(TraceText.name(worker))"
        case .propose: preconditionFailure("the search thinks at once")
        case .sessionBegan(let worker, let label):
          return "session of \(TraceText.name(worker)) begins: \(label)"
        case .sessionEnded(let worker): return "session of \(TraceText.name(worker)) ends"
        case .startAuditor: return "start a worker of the coordinator's own"
        case .notify(let notification): return "notification \(Self.diagnostic(notification))"
        case .finish(let ending): return "finish \(ending)"
        }
      }
    }

    private mutating func event(
      _ arguments: TraceText.Arguments
    ) throws -> Coordinator.Event {
      switch arguments.command {
      case "start": return .started
      case "persisted":
        guard let batch else { throw Problem(diagnostic: "nothing is being written") }
        journal.removeSubrange(batch.firstSequence...)
        journal += batch.records
        self.batch = nil
        return .persisted(firstSequence: batch.firstSequence)
      case "disk-full":
        guard let batch else { throw Problem(diagnostic: "nothing is being written") }
        self.batch = nil
        return .persistFailed(firstSequence: batch.firstSequence, diagnostic: "no space left")
      case "disk-back": return .storageRecovered
      case "revoke": return .revoked([arguments.worker])
      case "gone": return .unreachable(arguments.worker)
      case "garbage": return .malformed(.foreignBytes, from: arguments.worker)
      case "drain": return .drainRequested
      case "stop": return .stopRequested
      default:
        return .received(
          Envelope(
            run: run.run, term: machine.term, sequence: 0, message: try message(arguments)),
          from: arguments.worker)
      }
    }

    private func message(_ arguments: TraceText.Arguments) throws -> Message {
      switch arguments.command {
      case "hello":
        return .hello(
          Hello(
            supported: ProtocolVersion.supported, build: "test",
            label: TraceText.name(arguments.worker), slots: 1,
            offers: [ExampleBackend.offer(arguments[2] == "old-processor" ? .baseline : .avx512)],
            held: try arguments.held(from: 2, run),
            remainingMilliseconds: arguments.number(named: "ends")))
      case "request":
        return .request(
          WorkRequest(
            leaseCountMax: arguments.number(2),
            remainingMilliseconds: arguments.number(named: "ends")))
      case "beat":
        return .heartbeat(
          Heartbeat(
            leaseCountMax: arguments.number(2), held: try arguments.held(from: 3, run),
            remainingMilliseconds: arguments.number(named: "ends"),
            isLeaving: arguments.words.last == "leaving"))
      case "result":
        var result = run.result(of: try arguments.shard(2), from: arguments.worker)
        if let time = arguments.number(named: "took") {
          result.evaluationMicroseconds = time * 1_000
        }
        if arguments[3] == "other-bits" {
          result.measurement = ShardMeasurement(correct: BitVector(count: 2), summedLoss: 1.5)
        }
        if arguments[3] == "other-cost" { result.costs[0] += 1 }
        if arguments[3] == "other-key" {
          let other = ShardID(candidate: CandidateID(1), slice: 1)
          result.key = run.key(of: other)
          result.token = run.token(of: other, for: arguments.worker)
        }
        if arguments[3] == "stolen" {
          result.token = run.token(of: result.shard, for: WorkerID(UInt64(UInt8(ascii: "a"))))
        }
        if arguments[3] == "unleased" { result.token = .absent }
        return .result(result)
      case "reject":
        let shard = try arguments.shard(2)
        return .reject(
          Rejection(
            shard: shard, key: run.key(of: shard),
            reason: arguments[3] == "failed" ? .evaluationFailed : .handedBack,
            diagnostic: "not a number"))
      case "bye": return .bye(Farewell(reason: .drained, diagnostic: "asked to leave"))
      default: throw Problem(diagnostic: "no such command: \(arguments.command)")
      }
    }

    private static func diagnostic(_ notification: Coordinator.Notification) -> String {
      switch notification {
      case .candidateEvaluated(let evaluated, let isOnFront):
        "evaluated \(evaluated.candidate)\(isOnFront ? ", on the front" : "")"
      case .workerJoined(_, let label, _): "\(label) joined"
      case .workerReturned(_, let label, let count): "\(label) returned with \(count) leases"
      case .workerLeft(_, let label, let farewell): "\(label) left: \(farewell.diagnostic)"
      case .workerLost(_, let label, let leases, let diagnostic):
        "\(label) lost with \(leases) leases: \(diagnostic)"
      case .resultsDisagree(let shard, let label, let other):
        "\(label) and \(other) disagree about \(shard)"
      case .workerRefused(_, let label, let reason, _): "\(label) refused: \(reason)"
      default: "\(notification)"
      }
    }
  }

  struct Problem: Error {
    let diagnostic: String
  }
}
