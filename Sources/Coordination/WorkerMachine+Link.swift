import SparsityCore
import WireProtocol

extension WorkerMachine {
  /// What a worker knows about its way to the coordinator.
  struct Link: Sendable {
    /// Whether the coordinator knows this session.
    private(set) var isWelcome = false
    /// The coordinator's run, once known.
    private(set) var run: RunID?
    /// The coordinator's term, once known.
    private(set) var term = Term.none
    /// When the coordinator was last heard.
    private(set) var heardAt = Instant.start
    /// What the transport last complained about.
    var problem: String?

    private let settings: WorkerSettings
    private var generator: SeededGenerator
    private var sequence: UInt64 = 0
    private var heartbeatInterval: Duration?
    private var beatDeadline: Instant?
    private var greeting: Backoff
    private var greetedAt: Instant?

    /// Creates a link on which nothing was said.
    init(settings: WorkerSettings) {
      self.settings = settings
      generator = SeededGenerator(seed: settings.jitterSeed)
      greeting = Backoff(from: settings.resendInterval, upTo: settings.resendIntervalMax)
    }

    /// When the link next wants something to be done.
    var nextDeadline: Instant? {
      [
        isWelcome ? beatDeadline : greeting.deadline,
        isWelcome ? heardAt + settings.silenceTimeout : nil,
        heardAt + settings.giveUpTimeout,
      ].compactMap(\.self).min()
    }

    /// Whether a heartbeat is due.
    func wantsBeat(at now: Instant) -> Bool {
      isWelcome && beatDeadline.map { $0 <= now } ?? false
    }

    /// Whether a greeting is due.
    func wantsGreeting(at now: Instant) -> Bool {
      !isWelcome && greeting.isDue(at: now)
    }

    /// Whether a greeting on demand would come too soon after the last one.
    func hasJustGreeted(at now: Instant) -> Bool {
      greetedAt.map { now - $0 < settings.resendInterval } ?? false
    }

    /// Puts a message into an envelope.
    mutating func envelope(_ message: Message) -> Envelope {
      defer { sequence += 1 }
      return Envelope(run: run, term: term, sequence: sequence, message: message)
    }

    /// Takes note of a sign of life.
    mutating func hear(at now: Instant) {
      heardAt = now
    }

    /// Takes note of a heartbeat that was sent.
    mutating func beaten(at now: Instant) {
      beatDeadline = heartbeatInterval.map { now + $0 }
    }

    /// Takes note of a greeting that was sent; the next comes after a longer, jittered pause.
    mutating func greeted(at now: Instant) {
      greetedAt = now
      waitToGreet(from: now)
      greeting.grow()
    }

    /// Takes note that the coordinator knows this session.
    mutating func welcome(run: RunID, term: Term, heartbeatInterval: Duration, at now: Instant) {
      isWelcome = true
      self.run = run
      self.term = term
      self.heartbeatInterval = heartbeatInterval
      beatDeadline = now + heartbeatInterval
      greeting.reset()
      problem = nil
    }

    /// Takes note that the coordinator does not know this session.
    mutating func lose() {
      isWelcome = false
    }

    /// Takes note that the coordinator ends; the next one is greeted soon.
    mutating func pause(at now: Instant) {
      isWelcome = false
      greeting.reset()
      waitToGreet(from: now)
    }

    /// Asks for patience: the next greeting comes after the longest pause.
    mutating func postpone(at now: Instant) {
      isWelcome = false
      greeting.exhaust()
      waitToGreet(from: now)
    }

    /// Lets a jittered pause begin, so that many workers do not come at once.
    private mutating func waitToGreet(from now: Instant) {
      greeting.wait(from: now, factor: 0.5 + generator.unitInterval())
    }
  }
}

extension WorkerMachine {
  /// Does what is due by time alone.
  mutating func keepTime(at now: Instant) {
    guard !isDone else { return }
    if now - link.heardAt >= settings.giveUpTimeout {
      let diagnostic =
        link.problem ?? "nothing was heard from the coordinator for \(settings.giveUpTimeout)"
      end(.coordinatorSilent(diagnostic: diagnostic))
      return
    }
    keepDepartureTimes(at: now)
    guard !isDone else { return }
    if let drainDeadline, drainDeadline <= now {
      for task in tasks { handBack(task.grant, diagnostic: "the worker cannot wait any longer") }
      depart()
      return
    }
    if link.isWelcome, now - link.heardAt >= settings.silenceTimeout { link.lose() }
    if link.wantsGreeting(at: now) { greet(at: now) }
    if link.wantsBeat(at: now) { beat(at: now) }
    resendResults(at: now)
  }

  private mutating func resendResults(at now: Instant) {
    for index in tasks.indices {
      guard case .measured(let result, var resending) = tasks[index].state else { continue }
      guard resending.isDue(at: now) else { continue }
      resending.grow()
      resending.wait(from: now)
      tasks[index].state = .measured(result, resending)
      send(.result(result))
    }
  }

  // MARK: Messages

  /// Applies a message.
  mutating func receive(_ envelope: Envelope, at now: Instant) {
    guard envelope.run != link.run || envelope.term >= link.term else {
      notify(.ignoredMessage(diagnostic: "\(envelope.message.name) of term \(envelope.term)"))
      return
    }
    link.hear(at: now)
    switch envelope.message {
    case .welcome(let welcome): join(welcome, term: envelope.term, at: now)
    case .refused(let refusal): accept(refusal, at: now)
    case .rehello: greetAgain(at: now)
    default:
      guard envelope.run == link.run, link.run != nil else {
        greetAgain(at: now)
        return
      }
      if envelope.term > link.term { greetAgain(at: now) }
      receiveOfRun(envelope.message, at: now)
    }
  }

  private mutating func receiveOfRun(_ message: Message, at now: Instant) {
    switch message {
    case .lease(let grant): take(grant, at: now)
    case .cancel(let reference): drop(reference, isDurable: false)
    case .acknowledge(let reference): drop(reference, isDurable: true)
    case .drain: drain(at: now)
    case .pause: awaitReturn(at: now)
    case .finished: leave(.finished, diagnostic: "the run is finished", exit: .finished)
    case .alive: break
    case .inputs(let message): pass(message)
    case .hello, .request, .heartbeat, .result, .reject, .bye, .welcome, .refused, .rehello,
      .operation, .unknown:
      notify(.ignoredMessage(diagnostic: message.name))
    }
  }

  /// Waits for the next coordinator; evaluations go on.
  private mutating func awaitReturn(at now: Instant) {
    if link.isWelcome { notify(.coordinatorPaused) }
    link.pause(at: now)
  }

  private mutating func greetAgain(at now: Instant) {
    link.lose()
    if !link.hasJustGreeted(at: now) { greet(at: now) }
  }

  private mutating func join(_ welcome: Welcome, term: Term, at now: Instant) {
    let description = welcome.description
    if let run = link.run, run != description.run {
      let diagnostic = "the coordinator serves run \(description.run), not \(run) as before"
      end(.otherRun(diagnostic: diagnostic))
      return
    }
    let isReturn = link.run != nil && term > link.term
    link.welcome(
      run: description.run, term: term,
      heartbeatInterval: .milliseconds(welcome.heartbeatMilliseconds), at: now)
    switch phase {
    case .joining:
      notify(.welcomed(description.run, term: term))
      phase = .preparing(description)
      effects.append(.prepare(description))
    case .preparing, .working:
      if isReturn {
        // The new coordinator may want again what the old one had.
        acknowledged = []
        notify(.coordinatorReturned(term: term))
      }
      beat(at: now)
    case .done: break
    }
  }

  private mutating func accept(_ refusal: Refusal, at now: Instant) {
    // The welcome may overtake it.
    if refusal.reason == .choosingNumerics, link.isWelcome { return }
    if refusal.isFinal {
      end(.refused(refusal.reason, diagnostic: refusal.diagnostic))
    } else {
      notify(.refusedForNow(diagnostic: refusal.diagnostic))
      link.postpone(at: now)
    }
  }

  private mutating func take(_ grant: LeaseGrant, at now: Instant) {
    guard case .working(let assignment) = phase, !isDraining else {
      handBack(grant, diagnostic: "the worker takes no work now")
      return
    }
    if acknowledged.contains(grant.shard) { return }
    if let index = tasks.firstIndex(where: { $0.grant.shard == grant.shard }) {
      if case .measured(let result, _) = tasks[index].state { send(.result(result)) }
      return
    }
    guard unmeasuredCount < 2 * settings.slots else {
      handBack(grant, diagnostic: "the worker has enough to do")
      return
    }
    guard assignment.accepts(grant) else {
      send(
        .reject(
          Rejection(
            shard: grant.shard, key: grant.key, reason: .keyMismatch,
            diagnostic: "the worker computes another key for \(grant.shard): its inputs differ")))
      return
    }
    tasks.append(HeldTask(grant: grant, state: .queued))
  }

  /// Forgets a shard that the coordinator has or does not want.
  private mutating func drop(_ reference: ShardReference, isDurable: Bool) {
    if isDurable, !acknowledged.contains(reference.shard) {
      acknowledged.append(reference.shard)
      if acknowledged.count > Self.acknowledgedCountMax { acknowledged.removeFirst() }
    }
    let index = tasks.firstIndex {
      $0.grant.shard == reference.shard && $0.grant.key == reference.key
    }
    guard let index else { return }
    let task = tasks.remove(at: index)
    if task.isRunning { effects.append(.stop(task.grant.shard)) }
  }
}

extension WorkerMachine.Assignment {
  /// Whether a lease names a genome and a slice of the run, and the key that they have here.
  func accepts(_ grant: LeaseGrant) -> Bool {
    guard space.contains(grant.genome), grant.shard.slice < slices.count else { return false }
    guard slices[grant.shard.slice] == grant.slice else { return false }
    return keys.key(of: grant.genome, slice: grant.slice) == grant.key
  }
}

extension PreparedInputs {
  /// Returns the names of what differs from what a run wants.
  func differences(from description: RunDescription) -> [String] {
    let inputs: [(String, Bool)] = [
      ("model", model == description.model?.content),
      ("search set", data == description.data?.content && imageCount == description.imageCount),
      ("list of decisions", space == description.space),
      ("weight bank", bank == description.bank.content),
    ]
    return inputs.filter { !$0.1 }.map(\.0)
  }
}
