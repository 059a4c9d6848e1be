import Coordination
import Testing
import WireProtocol

struct AdmissionTests {
  private static let keys = PeerKeys(
    workers: ["k1": "alice", "k2": "bob"], operators: ["k3"],
    own: PeerKeys.OwnKey("k4", named: "coordinator"))

  private static func owner(of key: String?) -> SessionWatch.Owner? {
    var watch = SessionWatch()
    watch.greet(WorkerID(1), key: key, connection: nil)
    watch.open(WorkerID(1), label: "w", at: .start)
    return watch.owner(of: WorkerID(1))
  }

  @Test func `without encryption everybody may do everything`() {
    let admission = Admission(keys: nil, sessionCountMax: 4)
    #expect(admission.allowsWorker(nil) && admission.allowsOperator(nil))
    #expect(admission.judge(nil, owner: nil) == .admitted)
    #expect(admission.name(of: nil) == nil)
  }

  @Test func `each key may do what it is for`() {
    let admission = Admission(keys: Self.keys, sessionCountMax: 4)
    let keys = ["k1", "k2", "k3", "k4", "k5", nil]
    #expect(keys.map(admission.allowsWorker) == [true, true, false, true, false, false])
    #expect(keys.map(admission.allowsOperator) == [false, false, true, false, false, false])
    #expect(keys.map(admission.name) == ["alice", "bob", "k3", "coordinator", "k5", nil])
    #expect(keys.compactMap(\.self).map(Self.keys.allows) == [true, true, true, true, false])
  }

  @Test func `a session is that of its key, allowed or not`() {
    var admission = Admission(keys: Self.keys, sessionCountMax: 4)
    #expect(admission.judge("k1", owner: Self.owner(of: "k1")) == .admitted)
    #expect(admission.judge("k2", owner: Self.owner(of: "k1")) == .otherKey)
    #expect(admission.judge(nil, owner: Self.owner(of: "k1")) == .otherKey)
    #expect(admission.judge("k3", owner: nil) == .notAllowed)
    admission.adopt(PeerKeys(workers: ["k2": "bob"]))
    #expect(admission.judge("k1", owner: nil) == .notAllowed)
    #expect(admission.judge("k2", owner: nil) == .admitted)
  }

  @Test func `a quarter of the sessions stays for others, if there are any`() {
    var shared = Admission(keys: Self.keys, sessionCountMax: 8)
    var alone = Admission(keys: PeerKeys(workers: ["k1": "alice"]), sessionCountMax: 8)
    for count in [5, 6] {
      let diagnostic = shared.refusal(of: "k1", sessionCount: count, at: .start)
      #expect((diagnostic != nil) == (count == 6))
      #expect(alone.refusal(of: "k1", sessionCount: count, at: .start) == nil)
    }
  }

  @Test func `a key that comes back has its greetings again`() {
    var admission = Admission(keys: Self.keys, sessionCountMax: 4)
    func greetings(_ admission: inout Admission) -> Int {
      var count = 0
      while admission.refusal(of: "k1", sessionCount: 0, at: .start) == nil { count += 1 }
      return count
    }
    #expect(greetings(&admission) == 100)
    admission.adopt(Self.keys)
    #expect(greetings(&admission) == 0)
    admission.adopt(PeerKeys(workers: ["k2": "bob"]))
    admission.adopt(Self.keys)
    #expect(greetings(&admission) == 100)
  }
}
