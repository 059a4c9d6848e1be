import Coordination
import SparsityCore
import Testing
import WireProtocol

/// Scripts of what a worker's machine is told and what it asks for.
struct WorkerTraceTests {
  @Test(arguments: [
    "worker-run.txt", "worker-restart.txt", "worker-drain.txt", "worker-ends.txt",
    "worker-end-time.txt", "worker-pause.txt",
  ])
  func `the worker does what the script says`(name: String) throws {
    var player = try Player()
    try TraceText.check(name) { try player.perform($0) }
  }

  struct Player {
    let run: TestRun
    var machine: WorkerMachine
    var now = Instant.start
    var term = Term(1)

    init() throws {
      run = try TestRun()
      machine = WorkerMachine(settings: run.worker)
    }

    mutating func perform(_ arguments: TraceText.Arguments) throws -> [String] {
      switch arguments.command {
      case "new-worker":
        var settings = run.worker
        settings.endTime = arguments.number(named: "ends").map { .start + .milliseconds($0) }
        settings.idleTimeout = arguments.number(named: "idle").map { .milliseconds($0) }
        machine = WorkerMachine(settings: settings)
        now = .start
        term = Term(1)
        return apply(.started)
      case "term":
        term = Term(UInt32(arguments.number(1)))
        return []
      case "wait":
        return wait(arguments.duration)
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
      return lines
    }

    private mutating func apply(_ event: WorkerMachine.Event) -> [String] {
      machine.apply(event, at: now).map { effect in
        switch effect {
        case .send(let envelope): "\(TraceText.text(envelope.message)) →"
        case .prepare(let description): "prepare run \(description.run)"
        case .deliver(let message): "deliver \(message.name)"
        case .evaluate(let task): "evaluate \(task.shard) \(task.genome.genes) \(task.slice)"
        case .stop(let shard): "stop \(shard)"
        case .notify(let notification): "notification \(notification)"
        case .exit(let exit): "exit \(exit)"
        }
      }
    }

    private func event(_ arguments: TraceText.Arguments) throws -> WorkerMachine.Event {
      switch arguments.command {
      case "prepared":
        var inputs = run.inputs
        if arguments[1] == "other-bank" { inputs.bank = inputs.data }
        return .prepared(inputs)
      case "unprepared": return .preparationFailed("no such file: model")
      case "progress": return .progressed(try arguments.shard(1), imagesDone: arguments.number(2))
      case "evaluated": return .evaluated(try arguments.shard(1), run.evaluation)
      case "failed": return .evaluationFailed(try arguments.shard(1), diagnostic: "not a number")
      case "drain": return .drainRequested
      case "trouble": return .transportProblem("the coordinator's key is another one")
      default:
        return .received(
          Envelope(run: run.run, term: term, sequence: 0, message: try message(arguments)))
      }
    }

    private func message(_ arguments: TraceText.Arguments) throws -> Message {
      switch arguments.command {
      case "WELCOME":
        return .welcome(
          Welcome(
            version: .current, description: run.settings.description,
            heartbeatMilliseconds: 1000, leaseMilliseconds: 4000))
      case "REFUSED":
        return .refused(
          Refusal(
            reason: arguments[1] == "later" ? .tooManyWorkers : .numerics, diagnostic: "no",
            isFinal: arguments[1] != "later", supported: ProtocolVersion.supported))
      case "LEASE":
        var grant = run.grant(of: try arguments.shard(1))
        if arguments[2] == "other-key" { grant.genome = Genome(genes: [0, 1, 0, 1]) }
        return .lease(grant)
      case "CANCEL": return .cancel(try reference(arguments))
      case "ACKNOWLEDGE": return .acknowledge(try reference(arguments))
      case "ALIVE": return .alive
      case "REHELLO": return .rehello
      case "DRAIN": return .drain
      case "PAUSE": return .pause
      case "FINISHED": return .finished
      default: throw CoordinatorTraceTests.Problem(diagnostic: "no command \(arguments.command)")
      }
    }

    private func reference(_ arguments: TraceText.Arguments) throws -> ShardReference {
      let shard = try arguments.shard(1)
      return ShardReference(shard: shard, key: run.key(of: shard))
    }
  }
}
