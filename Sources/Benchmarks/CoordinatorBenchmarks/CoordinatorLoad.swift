import Coordination
import CoordinatorService
import EvolutionarySearch
import Foundation
import SparsityCore
import WireProtocol
import WorkerService
import ZeroMQ

/// Many workers in one process: real machines and real sockets, evaluations that take no time.
package struct CoordinatorLoad: ~Copyable {
  /// How often machines are asked whether something is due.
  private static let tickInterval = Duration.milliseconds(20)

  private let emptyRun: EmptyRun
  private let workers: [LoadWorker]
  private let context: Context
  private var poller: Poller
  private let sources: [Poller.Source]
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant

  /// Connects `count` workers to the coordinator of a connection file.
  ///
  /// - Throws: ``CoordinatorBenchmarkError`` if there are too few file descriptors for them, or an
  ///   error of the connection file or the sockets.
  package init(connectionFile: String, count: Int) throws {
    precondition(count > 0)
    let limit = DescriptorLimit.raise()
    guard DescriptorLimit.sessionCountMax(limit: limit) >= count else {
      throw CoordinatorBenchmarkError.tooFewDescriptors(workers: count, limit: limit)
    }
    let connection = try WorkerConnection(path: connectionFile)
    let emptyRun = try EmptyRun(evaluations: 1)
    let context = try Context(socketCountMax: count + 8)
    var poller = Poller()
    var workers: [LoadWorker] = []
    var sources: [Poller.Source] = []
    for index in 0..<count {
      let settings = WorkerSettings.newSession(
        label: "load-\(getpid())-\(index)", build: "benchmark",
        offers: [EmptyRun.offer])
      let worker = try LoadWorker(context, connection: connection, settings: settings)
      sources.append(poller.watch(worker.socket))
      workers.append(worker)
    }
    self.emptyRun = emptyRun
    self.context = context
    self.poller = poller
    self.workers = workers
    self.sources = sources
    start = clock.now
  }

  /// Runs until every worker has left.
  ///
  /// - Throws: ``CoordinatorBenchmarkError`` if a worker ends otherwise than with the run.
  package mutating func run() throws {
    for worker in workers { try worker.apply(.started, at: .start, run: emptyRun) }
    var tickDeadline = Instant.start
    while workers.contains(where: { $0.exit == nil }) {
      try poller.wait(atMost: Self.tickInterval)
      for (worker, source) in zip(workers, sources) where poller.isReadable(source) {
        while worker.exit == nil, let message = try worker.socket.receive(frameCountMax: 1) {
          guard let frame = message.frames.first else { continue }
          try worker.apply(.received(try Envelope(decoding: frame)), at: now, run: emptyRun)
        }
      }
      let now = now
      guard tickDeadline <= now else { continue }
      tickDeadline = now + Self.tickInterval
      for worker in workers where worker.exit == nil { try worker.tick(at: now, run: emptyRun) }
    }
    for worker in workers {
      if let exit = worker.exit, !exit.isSuccess {
        throw CoordinatorBenchmarkError.workerFailed(
          diagnostic: WorkerOutcome(exit: exit, shardCount: 0).diagnostic)
      }
    }
  }

  private var now: Instant { Instant(sinceStart: clock.now - start) }
}

/// One of the workers: a machine and its socket, without threads of its own.
final class LoadWorker {
  /// The socket to poll.
  let socket: Socket
  /// How the worker has ended, if it has.
  private(set) var exit: WorkerMachine.Exit?
  private var machine: WorkerMachine

  /// Begins to connect.
  init(
    _ context: borrowing Context, connection: WorkerConnection, settings: WorkerSettings
  ) throws(ZeroMQError) {
    var options = SocketOptions()
    options.frameSizeMax = WireLimits.frameSizeMax
    options.linger = .seconds(1)
    options.routingID = RoutingID(bytes: settings.worker.routingIdentity)
    if let keys = connection.keys {
      options.security = .curveClient(keys.worker, serverKey: keys.server)
    }
    socket = try Socket(context, kind: .dealer, options: options)
    machine = WorkerMachine(settings: settings)
    try socket.connect(connection.endpoints[0])
  }

  /// Tells the machine that its time has come, if it has.
  func tick(at now: Instant, run: EmptyRun) throws {
    if let deadline = machine.nextDeadline, deadline <= now {
      try apply(.ticked, at: now, run: run)
    }
  }

  /// Applies an event and what follows from it; evaluations are done at once.
  func apply(_ event: WorkerMachine.Event, at now: Instant, run: EmptyRun) throws {
    var events = [event]
    while !events.isEmpty {
      for effect in machine.apply(events.removeFirst(), at: now) {
        switch effect {
        case .send(let envelope): _ = try socket.send(envelope.encoded().span)
        case .prepare: events.append(.prepared(run.inputs))
        case .evaluate(let task): events.append(.evaluated(task.shard, run.evaluate(task)))
        case .stop, .notify, .deliver: break
        case .exit(let exit): self.exit = exit
        }
      }
    }
  }
}
