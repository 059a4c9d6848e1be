import RunPreparation
import Testing

struct WorkObserverTests {
  private struct Failure: Error {}

  @Test func `a part of the work begins, goes on and ends`() {
    let listener = Listener()
    let result = listener.observer.observing("Counting.", unit: "numbers") { progress in
      progress(1, 2)
      progress(2, 2)
      return 7
    }
    #expect(result == 7)
    #expect(listener.lines == ["begin Counting.", "1/2 numbers", "2/2 numbers", "end"])
  }

  @Test func `a part that fails ends, too`() {
    let listener = Listener()
    #expect(throws: Failure.self) {
      try listener.observer.observing(unit: "numbers") { _ in throw Failure() }
    }
    #expect(listener.lines == ["begin ", "end"])
  }
}
