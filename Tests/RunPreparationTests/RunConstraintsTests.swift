import AcceleratorModel
import RunPreparation
import SparsityCore
import Testing
import TextReports

struct RunConstraintsTests {
  private static func bound(
    _ objective: Objective, _ bound: CostConstraint.Bound, _ limit: Double
  ) -> CostConstraint {
    CostConstraint(objective: objective, bound: bound, limit: .relativeToDense(limit))
  }

  @Test func `a run without bounds allows everything`() throws {
    let costs = try costs(["2:4", "4:4"])
    let constraints = RunConstraints([], dense: costs.denseCost)
    #expect(constraints.violation(of: costs.denseCost) == 0)
    try constraints.check(feasibleIn: costs, objectives: [.accuracy, .throughput])
  }

  @Test func `the bound that is broken most decides`() throws {
    let costs = try costs(["2:4", "4:4"])
    let constraints = RunConstraints(
      [Self.bound(.macs, .atMost, 0.5), Self.bound(.weightBytes, .atMost, 0.8)],
      dense: costs.denseCost)
    // Dense takes twice the multiplications that are allowed.
    #expect(abs(constraints.violation(of: costs.denseCost) - 1) < 1e-12)
    let sparse = costs.cost(of: Genome(uniform: 0, count: costs.space.decisions.count))
    let macs = (Double(sparse.macs) / Double(costs.denseCost.macs) - 0.5) / 0.5
    #expect(abs(constraints.violation(of: sparse) - macs) < 1e-12)
    #expect(macs > 0, "attention is not pruned, so half of all layers is more than half")
  }

  @Test func `a bound from below is broken by what is less`() throws {
    let costs = try costs(["2:4", "4:4"])
    let constraints = RunConstraints(
      [Self.bound(.throughput, .atLeast, 1.5)], dense: costs.denseCost)
    #expect(abs(constraints.violation(of: costs.denseCost) - 1.0 / 3) < 1e-12)
  }

  @Test func `a bound that no genome can meet is wrong usage and is named`() throws {
    let costs = try costs(["2:4", "4:4"])
    let constraints = RunConstraints([Self.bound(.macs, .atMost, 0.1)], dense: costs.denseCost)
    let error = try #require(throws: ExplainedError.self) {
      try constraints.check(feasibleIn: costs, objectives: [.accuracy])
    }
    #expect(error.isWrongUsage)
    #expect(
      error.message
        == "no genome can meet the constraint macs at most 0.1 × dense; the nearest has 0.548818 "
        + "× dense"
    )
    #expect(error.nextStep != nil)
  }

  @Test func `a bound that only the sparsest genome meets is allowed`() throws {
    let costs = try costs(["2:4", "4:4"])
    let least = costs.bounds.least.macs
    let limit = CostConstraint(
      objective: .macs, bound: .atMost, limit: .absolute(Double(least)))
    try RunConstraints([limit], dense: costs.denseCost)
      .check(feasibleIn: costs, objectives: [.accuracy])
    let tighter = CostConstraint(
      objective: .macs, bound: .atMost, limit: .absolute(Double(least) - 1))
    #expect(throws: ExplainedError.self) {
      try RunConstraints([tighter], dense: costs.denseCost)
        .check(feasibleIn: costs, objectives: [.accuracy])
    }
  }

  @Test(arguments: [true, false])
  func `what the accelerator does not model is neither improved nor bounded`(
    isObjective: Bool
  ) throws {
    var profile = AcceleratorProfile.systolic32
    profile.energy = nil
    let costs = try costs(["2:4", "4:4"], on: profile)
    let bounds = isObjective ? [] : [Self.bound(.energy, .atMost, 0.5)]
    let objectives: [Objective] = isObjective ? [.accuracy, .energy] : [.accuracy]
    let constraints = RunConstraints(bounds, dense: costs.denseCost)
    let error = try #require(throws: ExplainedError.self) {
      try constraints.check(feasibleIn: costs, objectives: objectives)
    }
    #expect(error.message == "the accelerator systolic32 does not model energy")
    if !isObjective { #expect(constraints.violation(of: costs.denseCost) == .infinity) }
  }
}
