import ContentHashing
import Coordination
import SparsityCore
import Testing
import WireProtocol

struct InputFetchTests {
  let content = ContentHash(of: [UInt8]("content".utf8).span)

  private func chunk(_ number: Int, count: Int = WireLimits.chunkSize) -> InputFetch.Event {
    .received(
      .chunk(
        InputChunk(
          content: content, chunk: number,
          bytes: [UInt8](repeating: UInt8(truncatingIfNeeded: number), count: count))))
  }

  private func requests(_ effects: [InputFetch.Effect]) -> [[Int]] {
    effects.compactMap { if case .send(let request) = $0 { request.chunks } else { nil } }
  }

  private func fetch(
    chunks: Double, stored: Int = 0, settings: InputFetch.Settings = .init(windowCount: 4)
  ) -> InputFetch {
    InputFetch(
      content: content, size: Int(chunks * Double(WireLimits.chunkSize)), storedSize: stored,
      settings: settings)
  }

  @Test func `a window of chunks is asked for and moves when half of it has come`() {
    var fetch = fetch(chunks: 20)
    #expect(requests(fetch.apply(.started, at: .start)) == [[0, 1, 2, 3]])
    #expect(requests(fetch.apply(chunk(0), at: .start)) == [])
    #expect(requests(fetch.apply(chunk(1), at: .start)) == [[2, 3, 4, 5]])
    #expect(fetch.storedSize == 2 * WireLimits.chunkSize)
  }

  @Test func `chunks that come early wait for their turn, and repeated ones are ignored`() {
    var fetch = fetch(chunks: 3)
    _ = fetch.apply(.started, at: .start)
    #expect(fetch.apply(chunk(2), at: .start) == [])
    #expect(fetch.apply(chunk(2), at: .start) == [])
    #expect(fetch.apply(chunk(1), at: .start) == [])
    let effects = fetch.apply(chunk(0), at: .start)
    let appended = effects.compactMap { effect -> UInt8? in
      if case .append(let bytes) = effect { bytes[0] } else { nil }
    }
    #expect(appended == [0, 1, 2])
    #expect(requests(effects) == [[]])
    #expect(effects.last == .verify)
    #expect(fetch.fetchedChunkCount == 3)
    #expect(fetch.apply(.verified(content), at: .start) == [.finish])
  }

  @Test func `a fetch goes on behind the whole chunks that are there`() {
    var fetch = fetch(chunks: 6, stored: 2 * WireLimits.chunkSize + 100)
    #expect(fetch.storedChunkCount == 2)
    #expect(fetch.storedSize == 2 * WireLimits.chunkSize)
    #expect(requests(fetch.apply(.started, at: .start)) == [[2, 3, 4, 5]])
  }

  @Test(arguments: [0.0, 2.5])
  func `a file that is all there is only verified`(chunks: Double) {
    let size = Int(chunks * Double(WireLimits.chunkSize))
    var fetch = fetch(chunks: chunks, stored: size)
    let effects = fetch.apply(.started, at: .start)
    #expect(requests(effects) == [[]])
    #expect(effects.last == .verify)
    #expect(fetch.storedSize == size)
  }

  @Test func `chunks of another size or file and out of the window are ignored`() {
    var fetch = fetch(chunks: 2.5)
    _ = fetch.apply(.started, at: .start)
    let other = InputChunk(
      content: ContentHash(of: [UInt8]("other".utf8).span), chunk: 0,
      bytes: [UInt8](repeating: 0, count: WireLimits.chunkSize))
    #expect(fetch.apply(.received(.chunk(other)), at: .start) == [])
    #expect(fetch.apply(chunk(0, count: 7), at: .start) == [])
    #expect(fetch.apply(chunk(2), at: .start) == [])
    #expect(fetch.apply(chunk(3), at: .start) == [])
    #expect(fetch.chunkCount == 0)
  }

  @Test func `silence leads to a new attempt after a pause that doubles`() throws {
    var fetch = fetch(chunks: 6)
    _ = fetch.apply(.started, at: .start)
    var times: [Duration] = []
    for attempt in 1...6 {
      let due = try #require(fetch.nextDeadline)
      times.append(due - .start)
      let effects = fetch.apply(.ticked, at: due)
      let expected = FetchRequest(content: content, chunks: [0, 1, 2, 3], attempt: attempt)
      #expect(effects == [.send(expected)])
    }
    #expect(times == [5, 15, 35, 75, 135, 195].map { .seconds($0) })
    let due = try #require(fetch.nextDeadline)
    _ = fetch.apply(chunk(1), at: due)
    #expect(fetch.nextDeadline == due + .seconds(5))
  }

  @Test func `without any chunk the fetch ends with a diagnostic`() {
    var fetch = fetch(chunks: 6)
    _ = fetch.apply(.started, at: .start)
    let effects = fetch.apply(.ticked, at: .start + .seconds(600))
    #expect(effects == [.fail(.stalled(.seconds(600)))])
    #expect("\(InputFetch.Failure.stalled(.seconds(600)))".contains("600"))
    #expect(fetch.nextDeadline == nil)
  }

  @Test func `another hash throws the file away, and the third time gives up`() {
    var fetch = fetch(chunks: 1)
    _ = fetch.apply(.started, at: .start)
    let wrong = ContentHash(of: [UInt8]("wrong".utf8).span)
    for attempt in 1...2 {
      _ = fetch.apply(chunk(0), at: .start)
      let effects = fetch.apply(.verified(wrong), at: .start)
      let again = FetchRequest(content: content, chunks: [0], attempt: attempt)
      #expect(effects == [.discard, .send(again)])
    }
    _ = fetch.apply(chunk(0), at: .start)
    let failure = InputFetch.Failure.otherContent(found: wrong, attempts: 3)
    #expect(fetch.apply(.verified(wrong), at: .start) == [.discard, .fail(failure)])
    #expect("\(failure)".contains(wrong.abbreviated))
  }

  @Test func `what the coordinator refuses fails as it says`() {
    var fetch = fetch(chunks: 1)
    _ = fetch.apply(.started, at: .start)
    let answer = Unavailability(content: content, diagnostic: "the disk is gone")
    #expect(
      fetch.apply(.received(.unavailable(answer)), at: .start)
        == [.fail(.unavailable(diagnostic: "the disk is gone"))])
  }

  @Test(arguments: UInt64(0)..<60)
  func `files arrive whole through loss, repetition, disorder, corruption and restarts`(
    seed: UInt64
  ) throws {
    var simulation = InputSimulation(seed: seed)
    try simulation.run()
  }
}
