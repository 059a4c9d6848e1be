import Coordination
import CoordinatorService
import Testing

struct EvaluationRateTests {
  @Test func `the rate is that of the last minute of work`() {
    var rate = EvaluationRate()
    #expect(rate.perSecond == 0)
    #expect(rate.timeLeft(forEvaluations: 10) == nil)
    for second in 0...100 {
      let count = second <= 30 ? second * 10 : 300 + (second - 30) * 2
      rate.observe(evaluationCount: count, isWorking: true, at: .start + .seconds(second))
    }
    #expect(rate.perSecond == 2)
    #expect(rate.timeLeft(forEvaluations: 50) == .seconds(25))
  }

  @Test func `a run that has idled goes on as fast as before`() {
    var rate = EvaluationRate()
    for second in 0...60 {
      rate.observe(
        evaluationCount: second * 4, isWorking: second < 60, at: .start + .seconds(second))
    }
    #expect(rate.perSecond == 4)
    #expect(rate.timeLeft(forEvaluations: 40) == nil, "nobody is at it")
    rate.observe(evaluationCount: 240, isWorking: true, at: .start + .seconds(36_000))
    #expect(rate.perSecond == 4)
    #expect(rate.timeLeft(forEvaluations: 40) == .seconds(10))
    rate.observe(evaluationCount: 244, isWorking: true, at: .start + .seconds(36_001))
    #expect(rate.perSecond == 4)
  }

  @Test func `evaluations that take longer than a minute have a rate, too`() {
    var rate = EvaluationRate()
    for second in 0...600 {
      rate.observe(
        evaluationCount: second / 250, isWorking: true, at: .start + .seconds(second))
    }
    #expect(rate.perSecond == 2.0 / 600)
  }
}
