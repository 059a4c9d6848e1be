import SparsityCore
import WireProtocol

/// Stands between the transport and the coordinator: who may speak, who is still there, how much is
/// read at once, what operators ask for, and how often the holder of a key may have things told.
///
/// Like the ``Coordinator``, which it owns, it does no input or output and reads no clock: events
/// go in with the time at which they happened, effects come out, and the caller performs the
/// effects in order. A coordinator in a real process and one in the simulator are run through it.
package struct Reception: Sendable {
  package private(set) var coordinator: Coordinator
  /// The sessions as far as the transport is concerned; the same ones as the coordinator's.
  package private(set) var sessions = SessionWatch()
  /// The addresses of peers that were turned away.
  package private(set) var unknownPeers = UnknownPeers()
  /// What was turned away so far.
  package private(set) var counters = ReceptionCounters()

  private var admission: Admission
  private var reachability = Reachability()
  private var arrivals = ArrivalRush()
  private var quota = NotificationQuota()
  private var endings = ToldEndings()
  /// The peer whose message is being taken.
  private var peer: Peer?
  /// What the event that is being applied asks for.
  private var effects: [Effect] = []

  /// Creates the reception of a coordinator that has not started.
  ///
  /// - Parameter keys: the keys that may connect, or `nil` for connections without encryption.
  package init(_ coordinator: Coordinator, keys: PeerKeys?) {
    self.coordinator = coordinator
    admission = Admission(
      keys: keys, sessionCountMax: coordinator.settings.bounds.sessionCountMax)
  }

  /// The time at which ``Event/ticked`` is wanted, or `nil` if nothing is waited for.
  package var nextDeadline: Instant? {
    [coordinator.nextDeadline, reachability.nextDeadline].compactMap(\.self).min()
  }

  /// Whether messages have to be read, be there any or not.
  package var wantsReading: Bool { reachability.wantsReading }

  /// Returns how many messages to read now; each is an ``Event/arrived(_:)``, and the last is
  /// followed by ``Event/read(isEmpty:)``.
  package mutating func beginReading(at now: Instant) -> ArrivalRush.Portion {
    reachability.beginReading()
    return arrivals.portion(sessionCount: sessions.entries.count, at: now)
  }

  /// Applies an event that happened at `now` and returns what to do about it.
  package mutating func apply(_ event: Event, at now: Instant) -> [Effect] {
    switch event {
    case .arrived(let arrival):
      peer = arrival.peer
      take(arrival, at: now)
      peer = nil
    case .read(let isEmpty): loseUnreachable(isSocketEmpty: isEmpty, at: now)
    case .notReached(let worker):
      // Who has no session has nothing to lose.
      if sessions[worker] != nil { reachability.notReached(worker, at: now) }
    case .handshakeSeen: arrivals.recordHandshake(at: now)
    case .connectionEnded: reachability.connectionEnded(at: now)
    case .connectionCut(let reason, let key):
      if let notice = endings.notice(of: reason, key: key) { effects.append(.tell(notice)) }
    case .keptOut(let address):
      notifyOfUnknownPeer(address, "was kept out: its key is not allowed", at: now)
    case .keysChanged(let keys): adopt(keys, at: now)
    case .coordinator(let event): tell(event, at: now)
    case .ticked: tick(at: now)
    case .concluded: tellLeftOut(quota.takeSummary())
    }
    defer { effects = [] }
    return effects
  }

  /// Traps unless the sessions are the coordinator's.
  ///
  /// - Complexity: O(*n*) for *n* sessions.
  package func checkInvariants() {
    sessions.checkInvariants()
    precondition(peer == nil)
    precondition(effects.isEmpty)
    precondition(sessions.entries.count == coordinator.sessionCount)
    precondition(sessions.entries.keys.allSatisfy { coordinator.hasSession($0) })
    precondition(sessions.applicantCount == coordinator.applicantCount)
  }

  // MARK: Messages

  private mutating func take(_ arrival: Arrival, at now: Instant) {
    guard let worker = WorkerID(routingIdentity: arrival.peer.identity) else {
      takeFromOther(arrival, at: now)
      return
    }
    let isNew = sessions[worker] == nil
    switch admission.judge(arrival.peer.key, owner: sessions.owner(of: worker)) {
    case .admitted: admit(arrival, from: worker, isNew: isNew, at: now)
    case .notAllowed:
      counters.notAllowed += 1
      notifyOfUnknownPeer(arrival.peer.address, "uses a key that is not a worker's", at: now)
      let text = "its key is not a worker's, or not any more; ask for another"
      refuse(worker, .keyRevoked, isFinal: true, text: text)
    case .otherKey:
      counters.mismatchedKeys += 1
      let key = arrival.peer.key ?? ""
      if quota.admit(key, isUrgent: true, at: now) {
        let text = "key \(key) claims session \(worker), which another key opened"
        effects.append(.tell(Notice(text, urgency: .warning)))
      }
    }
  }

  private mutating func admit(
    _ arrival: Arrival, from worker: WorkerID, isNew: Bool, at now: Instant
  ) {
    let peer = arrival.peer
    let envelope: Envelope
    do throws(WireError) {
      envelope = try arrival.envelope()
    } catch {
      if isNew { notifyOfUnknownPeer(peer.address, "sends what cannot be decoded", at: now) }
      tell(.malformed(error, from: worker), at: now)
      return
    }
    if isNew, case .hello = envelope.message {
      if !sessions.isWaiting(worker), turnsAway(worker, key: peer.key, at: now) { return }
      sessions.greet(worker, key: peer.key, connection: peer.connection)
    }
    sessions.hear(envelope.message, from: worker, by: peer.connection, at: now)
    // A session keeps the name of the key that has opened it.
    let name = isNew ? admission.name(of: peer.key) : nil
    tell(.received(envelope, from: worker, key: name), at: now)
    if sessions.isWaiting(worker), !coordinator.isWaiting(worker) { sessions.dismiss(worker) }
  }

  /// Turns away a greeting by which a key would have too many sessions.
  private mutating func turnsAway(_ worker: WorkerID, key: String?, at now: Instant) -> Bool {
    let count = sessions.count(of: key)
    guard let text = admission.refusal(of: key, sessionCount: count, at: now) else { return false }
    counters.turnedAway += 1
    refuse(worker, .tooManyWorkers, isFinal: false, text: text)
    return true
  }

  /// Refuses a worker that has no session.
  private mutating func refuse(
    _ worker: WorkerID, _ reason: Refusal.Reason, isFinal: Bool, text: String
  ) {
    let refusal = Refusal(
      reason: reason, diagnostic: text, isFinal: isFinal, supported: ProtocolVersion.supported)
    say(.refused(refusal), to: worker)
  }

  // MARK: Operators

  /// Takes a message of a peer that is no worker: an operator, or noise.
  private mutating func takeFromOther(_ arrival: Arrival, at now: Instant) {
    let peer = arrival.peer
    let request: OperatorMessage
    do throws(WireError) {
      guard case .operation(let message) = try arrival.envelope().message,
        !peer.identity.isEmpty
      else { throw .invalidField(name: "identity", diagnostic: "is not a worker's") }
      request = message
    } catch {
      notifyOfUnknownPeer(peer.address, "sends what no worker and no operator sends", at: now)
      tell(.malformed(error, from: nil), at: now)
      return
    }
    guard admission.allowsOperator(peer.key) else {
      counters.notAllowed += 1
      notifyOfUnknownPeer(peer.address, "uses a key that is not an operator's", at: now)
      answer(peer, isDone: false, "this key is not an operator's")
      return
    }
    perform(request, for: peer, at: now)
  }

  private mutating func perform(_ request: OperatorMessage, for peer: Peer, at now: Instant) {
    switch request {
    case .statusRequest(let count): effects.append(.reportStatus(workerCountMax: count, to: peer))
    case .drainRequest(nil):
      notifyOfOperator("asks for the end of the run", at: now)
      tell(.drainRequested, at: now)
      let count = sessions.entries.count
      let end = "the coordinator ends when \(counted(count, "worker"))"
      answer(peer, isDone: true, "\(end) \(count == 1 ? "has" : "have") left")
    case .drainRequest(let name?): drain(name, for: peer, at: now)
    case .discardRequest(let keyName):
      let problem = coordinator.discardProblem(of: keyName)
      let text = "the results of the key \(keyName) are measured again by others"
      answer(peer, isDone: problem == nil, problem ?? text)
      guard problem == nil else { return }
      notifyOfOperator("discards the results of the key \(keyName)", at: now)
      tell(.discardRequested(keyName: keyName), at: now)
    case .status, .answer: break
    }
  }

  /// Asks the workers of a name to finish and leave.
  private mutating func drain(_ name: String, for peer: Peer, at now: Instant) {
    let workers = sessions.workers(named: name)
    for worker in workers { say(.drain, to: worker) }
    notifyOfOperator("asks worker \(name) to leave", at: now)
    let text =
      workers.isEmpty
      ? "no worker is called \(name)"
      : "\(counted(workers.count, "worker")) called \(name) will leave"
    answer(peer, isDone: !workers.isEmpty, text)
  }

  private mutating func answer(_ peer: Peer, isDone: Bool, _ text: String) {
    let message = Message.operation(.answer(isDone: isDone, diagnostic: text))
    effects.append(.answer(coordinator.envelope(of: message), to: peer))
  }

  /// Tells what an operator does, as often as the key may have things told.
  private mutating func notifyOfOperator(_ act: String, at now: Instant) {
    guard quota.admit(peer?.key ?? "", isUrgent: false, at: now) else { return }
    effects.append(.tell(Notice("an operator \(act)", urgency: .notice)))
  }

  // MARK: Presence

  /// Gives up the workers that could not be sent to and of which nothing more has come.
  private mutating func loseUnreachable(isSocketEmpty: Bool, at now: Instant) {
    let gone = reachability.takeGone(of: sessions, isSocketEmpty: isSocketEmpty, at: now)
    for worker in gone { tell(.unreachable(worker), at: now) }
  }

  private mutating func tick(at now: Instant) {
    if let deadline = coordinator.nextDeadline, deadline <= now { tell(.ticked, at: now) }
    for worker in reachability.takeProbes(of: sessions, at: now) { say(.alive, to: worker) }
    tellLeftOut(quota.takeSummary(at: now))
  }

  /// Lets in and shuts out peers as the keys say by now.
  private mutating func adopt(_ keys: PeerKeys, at now: Instant) {
    admission.adopt(keys)
    let admission = admission
    let workers = sessions.workers(unlessAllowed: { admission.allowsWorker($0) })
    if !workers.isEmpty { tell(.revoked(workers), at: now) }
    for worker in workers { sessions.dismiss(worker) }
    effects.append(.endConnections(allBut: keys))
  }

  // MARK: Effects

  /// Tells the coordinator something and passes on what it asks for.
  private mutating func tell(_ event: Coordinator.Event, at now: Instant) {
    for effect in coordinator.apply(event, at: now) {
      switch effect {
      case .send(let envelope, let worker): send(envelope, to: worker)
      case .persist(let batch): effects.append(.persist(batch))
      case .propose(let request): effects.append(.propose(request))
      case .snapshot(let snapshot): effects.append(.snapshot(snapshot))
      case .serve(let message, let worker):
        effects.append(.serve(message, to: worker, key: sessions[worker]?.key))
      case .sessionBegan(let worker, let label): sessions.open(worker, label: label, at: now)
      case .sessionEnded(let worker): sessions.close(worker)
      case .startAuditor: effects.append(.startAuditor)
      case .notify(let notification):
        effects.append(.notify(notification, isTold: isTold(notification, at: now)))
      case .finish(let ending): effects.append(.finish(ending))
      }
    }
    // They have sessions now, or were sent away.
    if coordinator.applicantCount == 0 { sessions.dismissAll() }
  }

  /// Sends a worker something that the coordinator does not know of.
  private mutating func say(_ message: Message, to worker: WorkerID) {
    send(coordinator.envelope(of: message), to: worker)
  }

  private mutating func send(_ envelope: Envelope, to worker: WorkerID) {
    let connection = sessions.owner(of: worker)?.connection ?? peer?.connection
    effects.append(.send(envelope, to: worker, by: connection))
    // A peer that was turned away takes no place away from others; who waits for the arithmetic
    // to be chosen was not.
    if case .refused = envelope.message, let connection, sessions[worker] == nil,
      !coordinator.isWaiting(worker)
    {
      effects.append(.endConnection(connection))
    }
  }

  /// Whether a notification is told: not if the key behind it has caused more than its share.
  private mutating func isTold(_ notification: Coordinator.Notification, at now: Instant) -> Bool {
    guard let key = key(behind: notification) else { return true }
    return quota.admit(key, isUrgent: notification.urgency >= .warning, at: now)
  }

  /// The key whose holder has caused a notification, empty without encryption; `nil` for what
  /// nobody can cause at will.
  private func key(behind notification: Coordinator.Notification) -> String? {
    switch notification.cause {
    case .nobody: nil
    case .peer: peer?.key ?? ""
    case .session(let worker): sessions.owner(of: worker).map { $0.key ?? "" } ?? peer?.key ?? ""
    }
  }

  /// Tells of a peer that is turned away, once for each address.
  private mutating func notifyOfUnknownPeer(_ address: String?, _ act: String, at now: Instant) {
    guard let address, unknownPeers.add(address, reason: act, at: now) else { return }
    effects.append(.tell(.warning("a peer at \(address) \(act)")))
  }

  /// Tells how much was left out of what the holders of keys have caused.
  private mutating func tellLeftOut(_ summary: [(key: String, count: Int)]) {
    for (key, count) in summary {
      let holders = key.isEmpty ? "without a key" : "with the key \(key)"
      let text =
        "left out \(counted(count, "notification")) that workers \(holders) have caused"
      effects.append(.tell(.warning(text)))
    }
  }
}
