import SparsityCore
import Testing
import WireProtocol

/// What the wire and the journal say of a run with several accelerators.
struct AcceleratorsTests {
  private static var description: RunDescription {
    var description = Samples.description
    description.acceleratorName = "array"
    description.otherAccelerators = [
      RunAccelerator(name: "edge", profile: "mine", batch: 4),
      RunAccelerator(name: "gpu", profile: "a100", batch: 64),
    ]
    description.objectives = [.accuracy, Objective(.throughput, on: "edge")]
    return description
  }

  private func read(_ description: RunDescription) throws -> RunDescription {
    let record = JournalRecord.opened(
      RunOpening(term: Term(1), description: description, settings: "s"))
    guard case .opened(let opening) = try JournalRecord(decoding: record.encoded()) else {
      throw WireError.invalidField(name: "content", diagnostic: "is another record")
    }
    return opening.description
  }

  @Test func `accelerators come back with their names, batches and profiles`() throws {
    var description = Self.description
    let text = String(repeating: "a: b\n", count: 2_000)
    let pieces = try #require(RunDescription.parameters(of: .accelerator(1), text))
    description.parameters.merge(pieces) { _, new in new }
    let read = try read(description)
    #expect(read == description)
    #expect(read.accelerators.map(\.accelerator.name) == ["array", "edge", "gpu"])
    #expect(read.accelerators.map(\.accelerator.batch) == [16, 4, 64])
    #expect(read.accelerators.map(\.text) == [nil, text, nil])
  }

  @Test func `another accelerator makes another run`() {
    var other = Self.description
    other.otherAccelerators[1].batch = 32
    #expect(Self.description.differences(from: other) == ["otherAccelerators"])
    other = Self.description
    other.acceleratorName = "first"
    #expect(Self.description.differences(from: other) == ["acceleratorName"])
    #expect(Samples.description.accelerators.map(\.accelerator.name) == [nil])
  }

  @Test(arguments: ["array", "a b", ""])
  func `accelerators that no name tells apart are refused`(name: String) {
    var description = Self.description
    description.otherAccelerators[0].name = name.isEmpty ? nil : name
    #expect(throws: WireError.self) { try read(description) }
  }
}
