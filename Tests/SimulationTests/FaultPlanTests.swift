import Simulation
import Testing

struct FaultPlanTests {
  @Test func `a broken run is reported with its plan`() {
    // Without patience nothing can be finished in time.
    let report = Simulator.run(
      seed: 1, options: SimulationOptions(patience: 1, eventCountMax: 50))
    #expect(!report.isGreen)
    #expect(report.description.contains("plan: "))
    #expect(report.description.contains("not finished"))
    #expect(report.description.contains("seed 1"))
  }
}
