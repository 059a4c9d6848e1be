import Coordination
import SparsityCore
import WireProtocol

/// Checks of what passes between the network and the coordinator.
extension Simulator {
  // MARK: Events

  /// Takes note of an event that is about to be applied.
  mutating func recordEvent(_ event: Reception.Event, at instant: Instant) {
    observed.reception.context = ObservedReception.Context()
    if let machine = coordinator.machine {
      observed.reception.context.sessionCount = machine.sessionCount + machine.applicantCount
    }
    switch event {
    case .arrived(let arrival): observed.reception.context.peerKey = arrival.peer.key
    case .handshakeSeen: observed.reception.handshakeAt = instant
    case .connectionEnded: observed.reception.goneAt = now
    case .notReached(let worker):
      observed.reception.goneAt = now
      observed.reception.fail(worker, at: instant)
    case .keysChanged: recordRevocations()
    case .ticked: observed.reception.context.isTicking = true
    case .read, .connectionCut, .keptOut, .coordinator, .concluded: break
    }
  }

  /// Checks what an event has brought about.
  mutating func checkEvent(_ event: Reception.Event) {
    switch event {
    case .keysChanged(let keys): checkSessions(allowedBy: keys)
    case .connectionCut(_, let key):
      checkIsTold(key.map { "the key \($0) " } ?? "no key", besides: " was turned away")
    case .keptOut(let address): checkIsTold("a peer at \(address) ", besides: "a peer at ")
    case .concluded: checkSummary()
    default: break
    }
  }

  /// Checks that something was told, unless enough of its kind was.
  private mutating func checkIsTold(_ part: String, besides kind: String) {
    let texts = observed.reception.texts
    guard !texts.contains(where: { $0.contains(part) && $0.contains(kind) }) else { return }
    if texts.count(where: { $0.contains(kind) }) < 50 { violate("nothing is told of \(part)") }
  }

  /// Checks that only sessions are left whose key is allowed.
  private mutating func checkSessions(allowedBy keys: PeerKeys) {
    guard let sessions = coordinator.reception?.sessions.entries else { return }
    for (worker, session) in sessions where !(session.key.map(keys.allowsWorker) ?? false) {
      violate("\(worker) has a session, and its key is revoked")
    }
  }

  /// Checks that no worker is counted long after its connection has ended.
  mutating func checkPresence() {
    guard coordinator.isRunning, !isBusy, !transport.hasWaiting else { return }
    guard !plan.isCrowd || eventCount.isMultiple(of: 4_000) else { return }
    let patience = plan.isCrowd ? 4_000 : 1_000
    for (worker, since) in observed.reception.disconnectedAt {
      let heardAt = observed.reception.heard[worker]?.at ?? 0
      let session = coordinator.reception?.sessions[worker]
      // A session may begin without its worker, which has waited for the arithmetic to be chosen.
      let beganAt = session.map { coordinator.startedAt + milliseconds($0.heardAt) } ?? 0
      let silentSince = max(since, heardAt, beganAt, transport.busyUntil)
      guard now - silentSince > patience else { continue }
      if session == nil {
        observed.reception.reconnect(worker)
      } else {
        violate("\(worker) is still counted \(now - silentSince) ms after its connection has ended")
      }
    }
  }

  /// Checks that little is read at once when workers arrive beside many others, and only then.
  mutating func check(_ portion: ArrivalRush.Portion, at instant: Instant) {
    guard let count = coordinator.reception?.sessions.entries.count else { return }
    let isRush = observed.reception.handshakeAt.map { instant - $0 < .milliseconds(500) } ?? false
    let isRestrained = portion.countMax < 100
    if isRestrained, !isRush || count < 1_000 {
      violate("little is read at once, and nobody arrives")
    }
    if !isRestrained, isRush, count >= 1_000 { violate("those who arrive are given no time") }
  }

  // MARK: Effects

  /// Checks by which connection a worker is sent something.
  mutating func check(_ connection: ConnectionID?, for message: Message, to worker: WorkerID) {
    if observed.reception.isImpostorHeard {
      violate("\(message.name) goes to \(worker) because of a peer with another key")
    }
    if let exchange = observed.reception.exchange, exchange.request != nil, !exchange.isAllowed {
      violate("\(message.name) goes to \(worker) because of a peer that may not ask for it")
    }
    guard plan.reception != nil else { return }
    let hasSession = coordinator.reception?.sessions[worker] != nil
    if case .alive = message, observed.reception.context.isTicking { checkProbe(of: worker) }
    if hasSession, places[worker] != nil, let heard = observed.reception.heard[worker],
      heard.connection != connection
    {
      violate("\(message.name) goes to \(worker) by a connection that it was not heard by last")
    }
  }

  /// Checks that the connection of a peer ends that is refused and has no session.
  mutating func checkRefusals(_ effects: [Reception.Effect]) {
    guard plan.reception != nil else { return }
    for case .send(let envelope, let worker, let connection?) in effects {
      guard case .refused = envelope.message,
        coordinator.reception?.sessions[worker] == nil,
        coordinator.machine?.isWaiting(worker) == false,
        !effects.contains(.endConnection(connection))
      else { continue }
      violate("\(worker) is refused, and its connection stays")
    }
  }

  /// Checks that workers are looked for only when a connection has ended.
  private mutating func checkProbe(of worker: WorkerID) {
    if observed.reception.goneAt.map({ now - $0 > 3_000 }) ?? true {
      violate("\(worker) is looked for, and no connection has ended")
    }
    // In a crowd they are looked for in portions, and some are heard meanwhile.
    guard !plan.isCrowd, places[worker] != nil, let heard = observed.reception.heard[worker] else {
      return
    }
    let silence = instant(since: coordinator.startedAt) - heard.instant
    if silence < .milliseconds(290) {
      violate("\(worker) is looked for, \(silence) after it was heard")
    }
  }

  /// Checks what an operator, or who wants to be one, is answered.
  mutating func check(_ envelope: Envelope, answering peer: Peer) {
    guard case .operation(.answer(let isDone, let text)) = envelope.message else {
      violate("\(envelope.message.name) is no answer to an operator")
      return
    }
    tell("\(peer.address ?? "a peer") is answered: \(text)")
    if peer != observed.reception.exchange?.peer { violate("a peer is answered who did not ask") }
    observed.reception.exchange?.answers.append(isDone)
  }

  /// Checks who gets the status.
  mutating func checkStatus(_ countMax: Int, answering peer: Peer) {
    if peer != observed.reception.exchange?.peer { violate("a peer is answered who did not ask") }
    observed.reception.exchange?.statusCounts.append(countMax)
  }

  /// Checks that a worker is asked to leave only if an operator wants it to.
  mutating func checkDrain(of worker: WorkerID) {
    if observed.reception.exchange?.leaving.contains(worker) == true {
      observed.reception.exchange?.asked.insert(worker)
    } else if coordinator.drainPause == nil {
      violate("\(worker) is told to leave, and nobody has asked the coordinator to let it go")
    }
  }

  /// Checks that a worker is turned away only for want of room.
  mutating func check(_ refusal: Refusal, to worker: WorkerID) {
    guard refusal.reason == .tooManyWorkers, places[worker] != nil,
      let machine = coordinator.machine
    else { return }
    // Silent workers are lost at the end of an event, behind the refusal.
    let count = max(
      observed.reception.context.sessionCount, machine.sessionCount + machine.applicantCount)
    if count < machine.settings.bounds.sessionCountMax {
      violate("\(worker) is turned away, and there are only \(counted(count, "worker"))")
    }
  }

  /// Checks how often the holder of a key has things told, and who is lost.
  mutating func check(_ notification: Coordinator.Notification, isTold: Bool) {
    checkPresence(of: notification)
    let worker: WorkerID
    switch notification.cause {
    case .nobody:
      if !isTold { violate("nobody hears that \(notification)") }
      return
    case .peer:
      count(
        observed.reception.context.peerKey, isUrgent: notification.urgency >= .warning,
        isTold: isTold)
      return
    case .session(let session): worker = session
    }
    count(peer(of: worker).key, isUrgent: notification.urgency >= .warning, isTold: isTold)
    if case .workerJoined = notification, greedyIDs.contains(worker) { countGreedySession() }
  }

  private mutating func count(_ key: String?, isUrgent: Bool, isTold: Bool) {
    let account = ObservedReception.Account(key: key ?? "", isUrgent: isUrgent)
    let count = observed.reception.toldCounts[account, default: 0]
    guard isTold else {
      observed.reception.leftOutCounts[account.key, default: 0] += 1
      if count < 200 { violate("a notification is left out after \(count) of \(account.key)") }
      return
    }
    observed.reception.toldCounts[account] = count + 1
    let seconds = Double(now - coordinator.startedAt) / 1_000
    if Double(count) > 201 + 2 * seconds {
      violate("\(account.key) has had \(count) notifications told in \(seconds) s")
    }
  }

  private mutating func countGreedySession() {
    observed.reception.greedyCount += 1
    let countMax = run.settings.bounds.sessionCountMax
    let seconds = Double(now - coordinator.startedAt) / 1_000
    let capacity = Double(max(100, countMax))
    if Double(observed.reception.greedyCount) > capacity * (1 + seconds / 100) + 1 {
      violate("a key has opened \(observed.reception.greedyCount) sessions in \(seconds) s")
    }
    let count = coordinator.reception?.sessions.entries.keys.count { greedyIDs.contains($0) } ?? 0
    if count > countMax - countMax / 4 { violate("a key has \(count) sessions of \(countMax)") }
  }

  /// Checks that a worker counts as gone only if it is, as far as can be known.
  private mutating func checkPresence(of notification: Coordinator.Notification) {
    guard plan.reception != nil, case .workerLost(let worker, _, _, let diagnostic) = notification,
      diagnostic == "its connection ended", places[worker] != nil
    else { return }
    guard let unreached = observed.reception.unreached[worker] else {
      violate("\(worker) is lost, and could always be sent to")
      return
    }
    // What is read in the turn in which it could not be sent to may have been there before.
    if let heard = observed.reception.heard[worker], heard.order > unreached.order,
      heard.instant > unreached.since
    {
      violate("\(worker) is lost, and was heard since it could not be sent to")
    }
    let wait = instant(since: coordinator.startedAt) - unreached.since
    if wait < .milliseconds(290), transport.waitingSenders.contains(worker) {
      violate("\(worker) is lost before its last messages are read")
    }
  }

  /// Checks what is told once only, and what is told of what was left out.
  mutating func check(_ notice: Notice) {
    let text = notice.text
    if text.hasPrefix("left out "), let count = Int(text.prefix(40).filter(\.isNumber)) {
      let key = text.split(separator: " the key ").last?.split(separator: " have ").first
      let name = text.contains(" the key ") ? key.map(String.init) ?? "" : ""
      observed.reception.summedCounts[name, default: 0] += count
    } else if text.contains("claims session") {
      count(Self.forgerKey, isUrgent: true, isTold: true)
    } else if text.hasPrefix("an operator") {
      count(observed.reception.context.peerKey, isUrgent: false, isTold: true)
    } else {
      if !observed.reception.texts.insert(text).inserted { violate("it is told again: \(text)") }
      let count = observed.reception.texts.count { $0.hasPrefix("a peer at ") }
      if count > 100 { violate("\(count) peers are told of that are not let in") }
    }
  }

  /// Checks that in the end everything that was left out was told to be.
  private mutating func checkSummary() {
    for (key, count) in observed.reception.leftOutCounts.sorted(by: { $0.key < $1.key }) {
      let told = observed.reception.summedCounts[key, default: 0]
      if told < count { violate("\(count) notifications of \(key) were left out, told: \(told)") }
    }
  }
}
