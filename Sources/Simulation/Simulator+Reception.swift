import Coordination
import WireProtocol

/// What stands between the simulated network and the coordinator's ``Coordination/Reception``, as a
/// real coordinator's loop does.
extension Simulator {
  // MARK: Messages

  /// Delivers a frame to the coordinator.
  mutating func arriveAtCoordinator(_ frame: [UInt8], from worker: WorkerID) {
    guard coordinator.isRunning else { return }
    // A new coordinator does not let revoked keys in; the old one was told while they were in.
    if let life = revoked[worker], life != coordinator.life { return }
    var peer = peer(of: worker)
    if plan.reception != nil {
      guard let connection = hearConnection(of: worker) else { return }
      peer.connection = connection
    }
    receive(Arrival(from: peer, frames: [frame]))
  }

  /// Takes in a message that has come; it is read when the loop has time.
  mutating func receive(_ arrival: Arrival) {
    guard coordinator.isRunning else { return }
    transport.add(arrival)
    if !isBusy { read() }
  }

  /// Whether the coordinator's loop does nothing now.
  var isBusy: Bool { now < transport.busyUntil }

  /// Reads as many messages as may be read at once.
  private mutating func read() {
    let instant = coordinatorInstant
    guard let portion = coordinator.reception?.beginReading(at: instant) else { return }
    check(portion, at: instant)
    var isEmpty = false
    for _ in 0..<portion.countMax {
      guard let arrival = transport.takeArrival() else {
        isEmpty = true
        break
      }
      take(arrival)
      guard coordinator.isRunning, !coordinator.isFinished else { return }
    }
    if portion.pause > .zero { transport.busyUntil = now + milliseconds(.start + portion.pause) }
    // Otherwise it would change nothing.
    if coordinator.reception?.wantsReading == true { apply(.read(isEmpty: isEmpty)) }
    wakeCoordinator()
  }

  private mutating func take(_ arrival: Arrival) {
    guard let worker = WorkerID(routingIdentity: arrival.peer.identity) else {
      takeFromOther(arrival)
      return
    }
    guard arrival.peer.key == peer(of: worker).key else {
      takeFromImpostor(arrival, as: worker)
      return
    }
    let frame = arrival.frames[0]
    deliveredCount += 1
    digest(frame, mark: 1)
    observed.reception.hear(
      worker, by: arrival.peer.connection, at: now, instant: instant(since: coordinator.startedAt))
    do {
      let envelope = try Envelope(decoding: frame)
      tell("\(worker) → \(envelope.message.traced)")
      let before = coordinator.machine?.counters
      apply(.arrived(arrival))
      if case .result(let result) = envelope.message, let before {
        checkComparison(of: result, from: worker, before: before)
      }
    } catch {
      tell("\(worker) → \(error)")
      if places[worker] != nil { violate("an honest frame cannot be decoded: \(error)") }
      apply(.arrived(arrival))
    }
  }

  /// An operator asks the coordinator for something.
  mutating func operate(_ request: OperatorMessage) { operate(request, by: operatorPeer) }

  /// A peer that is no worker asks the coordinator for something.
  mutating func operate(_ request: OperatorMessage, by peer: Peer) {
    let envelope = Envelope(run: nil, term: .none, sequence: 0, message: .operation(request))
    receive(Arrival(from: peer, frames: [envelope.encoded()]))
  }

  // MARK: Turns

  /// Lets the coordinator know of something when its loop has time.
  mutating func tellCoordinator(_ event: Reception.Event) {
    guard coordinator.isRunning else { return }
    if isBusy { transport.add(event) } else { apply(event) }
  }

  /// Lets the coordinator do what its loop does between two waits, in that order.
  mutating func takeTurn() {
    guard !isBusy else {
      wakeCoordinator()
      return
    }
    for event in transport.takeEarlyEvents() { apply(event) }
    if transport.hasArrivals || coordinator.reception?.wantsReading == true { read() }
    apply(.ticked)
    for event in transport.takeLateEvents() { apply(event) }
  }

  /// Lets the coordinator's loop stand still for a while.
  mutating func stallCoordinator(pause: Int) {
    guard coordinator.isRunning, !isHealed else { return }
    tell("the coordinator's loop stands still for \(pause) ms")
    transport.busyUntil = max(transport.busyUntil, min(now + pause, plan.healsAt))
    wakeCoordinator()
  }

  /// Applies an event to the coordinator and performs the effects.
  mutating func apply(_ event: Reception.Event) {
    // In place: copying the machine would cost more than the event.
    let instant = coordinatorInstant
    let outer = observed.reception.context
    recordEvent(event, at: instant)
    defer { observed.reception.context = outer }
    guard let effects = coordinator.reception?.apply(event, at: instant) else { return }
    // With thousands of workers all of it cannot be checked each time.
    if !plan.isCrowd || (eventCount.isMultiple(of: 4_000) && checkedEventCount != eventCount) {
      checkedEventCount = eventCount
      coordinator.reception?.checkInvariants()
      coordinator.reception?.coordinator.checkInvariants()
      // Other events need not reach the machine, which learns of the time by them.
      if case .ticked = event { coordinator.reception?.coordinator.checkSilence(at: instant) }
    }
    checkRefusals(effects)
    applyDepth += 1
    for effect in effects { perform(effect) }
    applyDepth -= 1
    checkEvent(event)
    if applyDepth == 0 { endIfOver() }
    wakeCoordinator()
  }

  /// The coordinator's time; things that happen within a millisecond happen one after the other.
  private var coordinatorInstant: Instant {
    mutating get {
      let instant = instant(since: coordinator.startedAt)
      guard plan.reception != nil else { return instant }
      if lastStep.now != now { lastStep = (now, 0) }
      lastStep.count = min(lastStep.count + 1, 999)
      return instant + .microseconds(lastStep.count)
    }
  }

  private mutating func wakeCoordinator() {
    let deadline = coordinator.reception?.nextDeadline.map {
      coordinator.startedAt + milliseconds($0)
    }
    guard coordinator.isRunning, let deadline = transport.hasWaiting ? now : deadline else {
      coordinator.wakesAt = nil
      return
    }
    let due = max(now + 1, transport.busyUntil, deadline)
    guard due != coordinator.wakesAt else { return }
    coordinator.wakesAt = due
    events.add(.wakeCoordinator(life: coordinator.life), at: due)
  }

  // MARK: Effects

  private mutating func perform(_ effect: Reception.Effect) {
    switch effect {
    case .send(let envelope, let worker, let connection):
      check(envelope, to: worker)
      check(connection, for: envelope.message, to: worker)
      send(envelope, to: worker)
    case .answer(let envelope, let peer): check(envelope, answering: peer)
    case .reportStatus(let countMax, let peer): checkStatus(countMax, answering: peer)
    case .endConnection(let connection): endConnection(connection)
    case .endConnections(let keys): endConnections(allBut: keys)
    case .persist(let batch): write(batch)
    case .propose(let request): propose(request)
    case .snapshot(let snapshot): write(snapshot)
    case .serve(let message, let worker, _):
      violate("\(worker) asks for \(message.name), and simulated workers have their inputs")
    case .startAuditor: startAuditor()
    case .notify(let notification, let isTold):
      tell("\(isTold ? "notification" : "notification not told:") \(notification)")
      check(notification)
      check(notification, isTold: isTold)
    case .tell(let notice):
      tell("notice \(notice.text)")
      check(notice)
    case .finish(let ending):
      tell("coordinator finishes: \(ending)")
      coordinator.ending = ending
    }
  }

  /// Has the search think, beside everything else.
  private mutating func propose(_ request: ProposalRequest) {
    tell("search is asked for \(request.countMax) candidates")
    let time = isHealed ? 0 : searchGenerator.number(in: 0...coordinator.thinkTimeMax)
    events.add(.finishThinking(request, coordinatorLife: coordinator.life), at: now + time)
  }

  private mutating func send(_ envelope: Envelope, to worker: WorkerID) {
    let frame = envelope.encoded()
    digest(frame, mark: 2)
    tell("\(envelope.message.traced) → \(worker)")
    if plan.reception != nil, transport.links[worker] == nil {
      tell("\(worker) is not reached")
      apply(.notReached(worker))
      return
    }
    guard let place = place(of: worker) else {
      // A peer that is no simulated worker lives on and takes no notice.
      if plan.reception != nil, places[worker] == nil { return }
      if generator.chance(plan.noticeProbability) {
        // What the process has sent before it ended comes first.
        events.add(
          .noticeGone(worker, coordinatorLife: coordinator.life), at: now + plan.delayMax + 1)
      }
      return
    }
    // The connection has ended, and the coordinator does not know yet.
    if let linkedAt = workers[place].process?.linkedAt, linkedAt > now { return }
    for delay in delays(of: worker) {
      events.add(.arriveAtWorker(frame, to: worker), at: now + delay)
    }
  }
}
