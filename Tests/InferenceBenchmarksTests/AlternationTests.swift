import InferenceBenchmarks
import Testing

struct AlternationTests {
  @Test func `sides take turns after each has warmed up`() {
    var order: [String] = []
    func side(_ name: String) -> Alternation.Side {
      { runs in
        order.append("\(name)\(runs)")
        return Double(runs)
      }
    }
    let alternation = Alternation(repetitions: 2, secondsMin: 0)
    #expect(alternation.medianSeconds(of: [side("a"), side("b")]) == [1, 1])
    #expect(order == ["a1", "a1", "b1", "b1", "a1", "b1", "a1", "b1"])
  }

  @Test func `a side's figure is the median time of one run`() {
    var times = [100.0, 0.5, 30, 2, 4].makeIterator()
    var runsAsked: [Int] = []
    let side: Alternation.Side = { runs in
      runsAsked.append(runs)
      return times.next() ?? .nan
    }
    let seconds = Alternation(repetitions: 3, secondsMin: 1).medianSeconds(of: [side])
    #expect(runsAsked == [1, 1, 2, 2, 2], "runs of half a second fill a second in pairs")
    #expect(seconds == [2], "the median of 30, 2 and 4 seconds over 2 runs; no warm-up")
  }

  @Test(arguments: [
    (0.02, 0.02, 1), (0.02, 0.5, 1), (0.02, 0.019, 2), (0.02, 0.005, 4), (0, 1e-9, 1),
    (0.02, 0, Alternation.runsMax), (0.02, 1e-12, Alternation.runsMax),
  ])
  func `short work is run as often as fills a measurement`(
    secondsMin: Double, secondsOfOne: Double, runs: Int
  ) {
    let alternation = Alternation(repetitions: 1, secondsMin: secondsMin)
    #expect(alternation.runCount(secondsOfOne: secondsOfOne) == runs)
  }

  @Test func `the median is the middle value`() {
    #expect(median(of: [3]) == 3)
    #expect(median(of: [1, 9]) == 5)
    #expect(median(of: [9, 1, 2]) == 2)
    #expect(median(of: [4, 1, 100, 2]) == 3)
    #expect(median(of: [5, 5, 5, 1, 1]) == 5)
  }
}
