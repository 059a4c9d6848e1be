import SparsityCore
import Testing
import TestSupport
import WireProtocol

struct ValueTests {
  @Test func `a session is found again in its routing identity`() {
    for bits in [0, 1, 0x0123_4567_89ab_cdef, UInt64.max] {
      let worker = WorkerID(bits)
      #expect(worker.routingIdentity.count == 9)
      #expect(worker.routingIdentity[0] != 0)
      #expect(WorkerID(routingIdentity: worker.routingIdentity) == worker)
      // What is shown does not give the route away.
      #expect("\(worker)".utf8.count == 8)
    }
    #expect(WorkerID(routingIdentity: [0, 1, 2, 3, 4]) == nil)
    #expect(WorkerID(routingIdentity: [UInt8](repeating: 0, count: 9)) == nil)
  }

  @Test func `slices cover the search set once`() {
    let slices = ImageSlice.slices(imageCount: 650, shardSize: 250)
    #expect(slices.map(\.count) == [250, 250, 150])
    #expect(slices.flatMap(\.range) == Array(0..<650))
    #expect(ImageSlice.slices(imageCount: 3, shardSize: 250).map(\.count) == [3])
  }

  @Test func `the newest common version is chosen`() {
    let old = ProtocolVersion(major: 1, minor: 0)
    let middle = ProtocolVersion(major: 1, minor: 4)
    let new = ProtocolVersion(major: 2, minor: 1)
    #expect(ProtocolVersion.newest(of: old...middle, and: middle...new) == middle)
    #expect(ProtocolVersion.newest(of: old...new, and: old...middle) == middle)
    #expect(ProtocolVersion.newest(of: old...old, and: middle...new) == nil)
  }

  @Test func `a moved file is no difference, other content is`() throws {
    let description = Samples.description
    let data = try #require(description.data)
    var moved = description
    moved.data = RunInput(path: "/elsewhere", content: data.content)
    #expect(moved.differences(from: description).isEmpty)
    var other = description
    other.data = RunInput(path: data.path, content: ContentHash(repeating: 9))
    other.parameters["resize"] = "256"
    #expect(other.differences(from: description) == ["data", "parameters"])
  }

  @Test func `zero is no run`() {
    #expect(RunID(0) == nil)
    #expect(RunID(10)?.description == "000000000000000a")
  }
}
