import Coordination
import SparsityCore
import TestSupport
import Testing
import WireProtocol

struct ReceptionTests {
  /// A reception whose store is always quick, with peers that send it what a test says.
  private struct Fixture {
    let run: TestRun
    var reception: Reception
    var now = Instant.start + .seconds(10)
    private var sequence = 0

    init(
      keys: PeerKeys? = Fixture.keys, sessionCountMax: Int = 100, window: NumericsWindow? = nil
    ) throws {
      var run = try TestRun(evaluations: 6)
      run.settings.bounds.sessionCountMax = sessionCountMax
      run.settings.numericsWindow = window
      let open = window?.options.map(\.name) ?? []
      run.settings.description.numerics = run.settings.description.numerics.opening(open)
      self.run = run
      reception = Reception(try Coordinator(settings: run.settings, recovering: []), keys: keys)
      apply(.coordinator(.started))
    }

    static let keys = PeerKeys(workers: ["k1": "alice", "k2": "bob"], operators: ["op"])

    /// Applies an event and returns its effects, those of durable records included.
    @discardableResult
    mutating func apply(_ event: Reception.Event) -> [Reception.Effect] {
      var effects = reception.apply(event, at: now)
      for case .persist(let batch) in effects {
        effects += apply(.coordinator(.persisted(firstSequence: batch.firstSequence)))
      }
      reception.checkInvariants()
      return effects
    }

    /// A message under a name, by a connection of the same number.
    mutating func send(
      _ message: Message, as identity: [UInt8], key: String?, number: Int32
    ) -> [Reception.Effect] {
      sequence += 1
      let envelope = Envelope(
        run: run.run, term: Term(1), sequence: UInt64(sequence), message: message)
      let peer = Peer(
        identity: identity, key: key, address: "10.0.0.\(number)",
        connection: ConnectionID(number))
      return apply(.arrived(Arrival(from: peer, frames: [envelope.encoded()])))
    }

    @discardableResult
    mutating func say(_ message: Message, _ number: Int32, key: String?) -> [Reception.Effect] {
      send(message, as: WorkerID(UInt64(number)).routingIdentity, key: key, number: number)
    }

    @discardableResult
    mutating func join(_ number: Int32, key: String?, label: String = "w") -> [Reception.Effect] {
      let hello = Hello(
        supported: ProtocolVersion.supported, build: "", label: label, slots: 1,
        offers: [ExampleBackend.offer()], held: [])
      return say(.hello(hello), number, key: key)
    }

    mutating func operate(_ request: OperatorMessage, key: String? = "op") -> [Reception.Effect] {
      send(.operation(request), as: [0, 1, 2, 3, 4], key: key, number: 99)
    }

    var sessions: [UInt64] { reception.sessions.entries.keys.map(\.rawValue).sorted() }
  }

  private static func sent(_ effects: [Reception.Effect]) -> [(message: Message, to: UInt64)] {
    effects.compactMap { effect in
      if case .send(let envelope, let worker, _) = effect {
        (envelope.message, worker.rawValue)
      } else {
        nil
      }
    }
  }

  private static func refusals(_ effects: [Reception.Effect]) -> [Refusal] {
    sent(effects).compactMap { if case .refused(let refusal) = $0.message { refusal } else { nil } }
  }

  private static func ended(_ effects: [Reception.Effect]) -> [Int32] {
    effects.compactMap { if case .endConnection(let id) = $0 { id.rawValue } else { nil } }
  }

  private static func notices(_ effects: [Reception.Effect]) -> [String] {
    effects.compactMap { if case .tell(let notice) = $0 { notice.text } else { nil } }
  }

  private static func answer(_ effects: [Reception.Effect]) -> (isDone: Bool, diagnostic: String)? {
    for case .answer(let envelope, _) in effects {
      if case .operation(.answer(let isDone, let diagnostic)) = envelope.message {
        return (isDone, diagnostic)
      }
    }
    return nil
  }

  // MARK: Admission

  @Test func `a worker with an allowed key gets a session and is sent to by its connection`()
    throws
  {
    var fixture = try Fixture()
    let effects = fixture.join(1, key: "k1")
    #expect(fixture.sessions == [1])
    #expect(fixture.reception.sessions[WorkerID(1)]?.key == "k1")
    #expect(fixture.reception.coordinator.burden(of: WorkerID(1)).keyName == "alice")
    let connections = effects.compactMap { effect -> ConnectionID? in
      if case .send(_, _, let connection) = effect { connection } else { nil }
    }
    #expect(!connections.isEmpty)
    #expect(connections.allSatisfy { $0 == ConnectionID(1) })
    #expect(Self.ended(effects).isEmpty)
  }

  @Test func `a key that is not allowed is refused, and its connection ends`() throws {
    var fixture = try Fixture()
    let effects = fixture.join(1, key: "op")
    #expect(fixture.sessions.isEmpty)
    #expect(Self.refusals(effects).map(\.reason) == [.keyRevoked])
    #expect(Self.ended(effects) == [1])
    #expect(Self.notices(effects).count == 1)
    #expect(Self.notices(fixture.join(1, key: "op")).isEmpty)
    #expect(fixture.reception.counters.notAllowed == 2)
  }

  @Test func `a session is not taken over by another key`() throws {
    var fixture = try Fixture()
    fixture.join(1, key: "k1")
    let effects = fixture.say(.bye(Farewell(reason: .drained, diagnostic: "")), 1, key: "k2")
    #expect(fixture.sessions == [1])
    #expect(Self.sent(effects).isEmpty)
    #expect(fixture.reception.counters.mismatchedKeys == 1)
  }

  @Test func `a key that has enough sessions is turned away, and others are not`() throws {
    var fixture = try Fixture(sessionCountMax: 8)
    for number in 1...6 { fixture.join(Int32(number), key: "k1") }
    let effects = fixture.join(7, key: "k1")
    #expect(Self.refusals(effects).map(\.reason) == [.tooManyWorkers])
    #expect(Self.ended(effects) == [7])
    #expect(fixture.reception.counters.turnedAway == 1)
    fixture.join(8, key: "k2")
    #expect(fixture.sessions == [1, 2, 3, 4, 5, 6, 8])
    // Anyone who has a session may greet again.
    #expect(Self.refusals(fixture.join(1, key: "k1")).isEmpty)
  }

  @Test func `the sessions of a key that is revoked end, and only they`() throws {
    var fixture = try Fixture()
    for (number, key) in [(1, "k1"), (2, "k2"), (3, "k1")] {
      fixture.join(Int32(number), key: key)
    }
    let left = PeerKeys(workers: ["k2": "bob"])
    let effects = fixture.apply(.keysChanged(left))
    #expect(fixture.sessions == [2])
    #expect(Self.refusals(effects).map(\.reason) == [.keyRevoked, .keyRevoked])
    #expect(effects.contains(.endConnections(allBut: left)))
    #expect(Self.refusals(fixture.join(1, key: "k1")).map(\.reason) == [.keyRevoked])
  }

  @Test func `without encryption workers need no key`() throws {
    var fixture = try Fixture(keys: nil)
    fixture.join(1, key: nil)
    #expect(fixture.sessions == [1])
    #expect(fixture.reception.coordinator.burden(of: WorkerID(1)).keyName.isEmpty)
  }

  // MARK: While the arithmetic is chosen

  /// A fixture whose coordinator waits for five workers, or for a minute.
  private static func choosingFixture() throws -> Fixture {
    let window = NumericsWindow(
      options: [ExampleBackend.instructionSet], duration: .seconds(60), workerCountMax: 5)
    return try Fixture(sessionCountMax: 4, window: window)
  }

  @Test func `who waits counts against its key, keeps its connection and may ask again`() throws {
    var fixture = try Self.choosingFixture()
    for number in 1...3 {
      let effects = fixture.join(Int32(number), key: "k1")
      #expect(Self.refusals(effects).map(\.reason) == [.choosingNumerics])
      #expect(Self.ended(effects).isEmpty)
    }
    #expect(Self.refusals(fixture.join(1, key: "k1")).map(\.reason) == [.choosingNumerics])
    #expect(Self.refusals(fixture.join(4, key: "k1")).map(\.reason) == [.tooManyWorkers])
    #expect(Self.refusals(fixture.join(5, key: "k2")).map(\.reason) == [.choosingNumerics])
  }

  @Test func `nobody takes the place of another that waits`() throws {
    var fixture = try Self.choosingFixture()
    fixture.join(1, key: "k1")
    #expect(Self.sent(fixture.join(1, key: "k2")).isEmpty)
    #expect(fixture.reception.counters.mismatchedKeys == 1)
    fixture.now = fixture.now + .seconds(61)
    fixture.apply(.ticked)
    #expect(fixture.reception.sessions[WorkerID(1)]?.key == "k1")
  }

  @Test func `who waits gets no session when its key is revoked`() throws {
    var fixture = try Self.choosingFixture()
    fixture.join(1, key: "k1")
    fixture.join(2, key: "k2")
    let effects = fixture.apply(.keysChanged(PeerKeys(workers: ["k2": "bob"])))
    #expect(Self.refusals(effects).map(\.reason) == [.keyRevoked])
    #expect(Self.ended(effects) == [1])
    fixture.now = fixture.now + .seconds(61)
    fixture.apply(.ticked)
    #expect(fixture.sessions == [2])
  }

  // MARK: Presence

  @Test func `a worker is lost that cannot be reached and says nothing more`() throws {
    var fixture = try Fixture()
    for number in 1...2 { fixture.join(Int32(number), key: "k1") }
    fixture.now = fixture.now + .seconds(1)
    fixture.apply(.connectionEnded)
    #expect(Self.sent(fixture.apply(.ticked)).isEmpty)
    fixture.now = fixture.now + ProbeRounds.interval
    let probes = Self.sent(fixture.apply(.ticked))
    #expect(probes.map(\.to) == [1, 2])
    #expect(probes.allSatisfy { $0.message == .alive })
    fixture.apply(.notReached(WorkerID(2)))
    #expect(fixture.reception.wantsReading)
    _ = fixture.reception.beginReading(at: fixture.now)
    fixture.apply(.read(isEmpty: true))
    #expect(fixture.sessions == [1])
  }

  @Test func `the last messages of a worker that cannot be reached are heard first`() throws {
    var fixture = try Fixture()
    fixture.join(1, key: "k1")
    fixture.apply(.notReached(WorkerID(1)))
    fixture.now = fixture.now + .milliseconds(1)
    _ = fixture.reception.beginReading(at: fixture.now)
    let beat = Heartbeat(leaseCountMax: 0, held: [])
    fixture.say(.heartbeat(beat), 1, key: "k1")
    fixture.apply(.read(isEmpty: true))
    #expect(fixture.sessions == [1])
    // It is asked for again, and gone if it has said no more by then.
    fixture.now = fixture.now + ProbeRounds.interval
    #expect(Self.sent(fixture.apply(.ticked)).map(\.to) == [1])
    fixture.apply(.notReached(WorkerID(1)))
    _ = fixture.reception.beginReading(at: fixture.now)
    fixture.apply(.read(isEmpty: true))
    #expect(fixture.sessions.isEmpty)
  }

  @Test func `nobody is waited for who has no session`() throws {
    var fixture = try Fixture()
    fixture.apply(.notReached(WorkerID(1)))
    #expect(!fixture.reception.wantsReading)
  }

  // MARK: Operators

  @Test func `an operator lets all workers of a name leave, and no others`() throws {
    var fixture = try Fixture()
    for (number, label) in [(1, "a"), (2, "b"), (3, "a")] {
      fixture.join(Int32(number), key: "k1", label: label)
    }
    let effects = fixture.operate(.drainRequest(worker: "a"))
    let drained = Self.sent(effects)
    #expect(drained.map(\.to) == [1, 3])
    #expect(drained.allSatisfy { $0.message == .drain })
    #expect(Self.answer(effects)?.isDone == true)
    #expect(Self.answer(effects)?.diagnostic == "2 workers called a will leave")
    let none = Self.answer(fixture.operate(.drainRequest(worker: "c")))
    #expect(none?.isDone == false)
  }

  @Test func `an operator asks for the status and for the end`() throws {
    var fixture = try Fixture()
    fixture.join(1, key: "k1")
    let status = fixture.operate(.statusRequest(workerCountMax: 5))
    let isReported = status.contains {
      if case .reportStatus(5, let peer) = $0 { peer.key == "op" } else { false }
    }
    #expect(isReported)
    let end = fixture.operate(.drainRequest(worker: nil))
    #expect(Self.answer(end)?.diagnostic == "the coordinator ends when 1 worker has left")
    #expect(fixture.reception.coordinator.status.activity.isDraining)
  }

  @Test func `an operator discards the results of a key, if they can be`() throws {
    var fixture = try Fixture()
    fixture.join(1, key: "k1")
    let refused = Self.answer(fixture.operate(.discardRequest(keyName: "")))
    #expect(refused?.isDone == false)
    #expect(fixture.sessions == [1])
    let effects = fixture.operate(.discardRequest(keyName: "alice"))
    #expect(Self.answer(effects)?.isDone == true)
    // The coordinator begins anew, and workers wait for it.
    #expect(effects.contains(.finish(.restarting)))
    #expect(fixture.sessions.isEmpty)
  }

  @Test func `a worker's key is no operator's`() throws {
    var fixture = try Fixture()
    let effects = fixture.operate(.drainRequest(worker: nil), key: "k1")
    #expect(Self.answer(effects)?.isDone == false)
    #expect(!fixture.reception.coordinator.status.activity.isDraining)
    #expect(fixture.reception.counters.notAllowed == 1)
  }

  @Test func `noise under no worker's name is counted and told once for each address`() throws {
    var fixture = try Fixture()
    let peer = Peer(identity: [0, 1, 2, 3, 4], key: "k1", address: "10.0.0.1")
    for count in 1...3 {
      let effects = fixture.apply(.arrived(Arrival(from: peer, frames: [[1, 2, 3]])))
      #expect(Self.notices(effects).count == (count == 1 ? 1 : 0))
      #expect(fixture.reception.coordinator.counters.malformedFrames == count)
    }
    let frames = [[1], [2]] as [[UInt8]]
    fixture.apply(.arrived(Arrival(from: peer, frames: frames, isTruncated: true)))
    #expect(fixture.reception.coordinator.counters.malformedFrames == 4)
    #expect(
      fixture.reception.unknownPeers.latest(9, at: fixture.now).map(\.address) == ["10.0.0.1"])
  }

  // MARK: What is told

  @Test func `a key that comes and goes is told of only so often, and others are told`() throws {
    var fixture = try Fixture(sessionCountMax: 1_000)
    func told(_ effects: [Reception.Effect]) -> [Bool] {
      effects.compactMap { if case .notify(_, let isTold) = $0 { isTold } else { nil } }
    }
    let bye = Message.bye(Farewell(reason: .drained, diagnostic: ""))
    let known = (0..<150).flatMap { _ in
      told(fixture.join(1, key: "k1")) + told(fixture.say(bye, 1, key: "k1"))
    }
    #expect(known.count == 300)
    #expect(known.count(where: \.self) == NotificationQuota.burstCountMax)
    #expect(told(fixture.join(2, key: "k2")) == [true])
    let notices = Self.notices(fixture.apply(.concluded))
    #expect(
      notices == ["left out 100 notifications that workers with the key k1 have caused"])
  }
}
