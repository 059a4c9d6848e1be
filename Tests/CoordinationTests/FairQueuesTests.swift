import Coordination
import Testing
import WireProtocol

struct FairQueuesTests {
  @Test func `equal keys have one queue, and none is a key, too`() {
    var queues = FairQueues()
    let indices = ["a", nil, "b", "a", nil].map { queues.index(of: $0) }
    #expect(indices == [0, 1, 2, 0, 1])
  }

  @Test func `a queue with entries has one turn`() {
    var queues = FairQueues()
    let (a, b) = (queues.index(of: "a"), queues.index(of: "b"))
    for worker in UInt64(1)...3 { queues.append(WorkerID(worker), to: a) }
    queues.append(WorkerID(4), to: b)
    queues.checkInvariants()
    #expect(queues.popTurn() == a)
    #expect(queues.popFirst(of: a) == WorkerID(1))
    queues.addTurn(of: a)
    #expect(queues.popTurn() == b)
    #expect(queues.popFirst(of: b) == WorkerID(4))
    #expect(queues.popTurn() == a)
    #expect(queues.popTurn() == nil)
  }

  @Test func `compacting keeps the first of equal entries`() {
    var queues = FairQueues()
    let queue = queues.index(of: nil)
    for worker in [UInt64(1), 2, 1, 3, 2] { queues.append(WorkerID(worker), to: queue) }
    queues.compact(queue) { $0 != WorkerID(3) }
    #expect(queues.count(of: queue) == 2)
    #expect(queues.workers == [WorkerID(1), WorkerID(2)])
    #expect(queues.popFirst(of: queue) == WorkerID(1))
  }
}
