import AcceleratorModel
import RunPreparation
import SparsityCore
import Testing

struct ReferencePointTests {
  @Test func `what is maximised begins at nothing, what is minimised beyond dense`() throws {
    let dense = try costs(["2:4", "4:4"]).denseCost
    let point = ReferencePoint.minimized(
      of: [.accuracy, .throughput, .latency, .macs, .weightBytes], dense: dense)
    #expect(
      point == [
        0, 0, 1.1 * dense.latencySeconds, 1.1 * Double(dense.macs),
        1.1 * Double(dense.weightBytes),
      ])
    #expect(point[2...].allSatisfy { $0 > 0 })
  }

  @Test func `every genome lies within it`() throws {
    let costs = try costs(["1:4", "2:4", "4:4"])
    let objectives: [Objective] = [.latency, .macs, .weightBytes, .energy]
    let point = ReferencePoint.minimized(of: objectives, dense: costs.denseCost)
    let worst = costs.bounds.greatest
    for (objective, bound) in zip(objectives, point) {
      #expect(try #require(worst.value(of: objective)) < bound)
    }
  }
}
