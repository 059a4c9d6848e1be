import Coordination
import Simulation
import Testing

/// How busy workers are kept, in virtual time.
struct UtilizationTests {
  static let speeds = [1, 1, 1, 2, 2, 4, 4, 8]

  @Test(arguments: UInt64(1)...5)
  func `uneven workers are busy for 95 % of their time`(seed: UInt64) {
    let report = Simulator.run(
      seed: seed,
      options: SimulationOptions(
        order: .asynchronous, evaluationCount: 300, speeds: Self.speeds))
    #expect(report.isGreen, "\(report)")
    #expect(report.utilization >= 0.95, "\(report)")
    #expect(report.utilization <= 1)
  }

  @Test func `a window that is too narrow leaves slots idle, which the figure shows`() {
    let report = Simulator.run(
      seed: 1,
      options: SimulationOptions(
        order: .strict(window: 4), evaluationCount: 100, speeds: Self.speeds))
    #expect(report.isGreen, "\(report)")
    #expect(report.utilization < 0.95, "\(report)")
  }
}
