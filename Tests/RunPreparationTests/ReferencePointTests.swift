import AcceleratorModel
import RunFiles
import RunPreparation
import SparsityCore
import Testing

struct ReferencePointTests {
  private func file(_ lines: String) throws -> RunFile {
    try RunFile(
      yaml: """
        model: {weights: m.safetensors}
        data: {search: s.safetensors}
        patterns: ["2:4", "4:4"]
        \(lines)
        """, file: "run.yaml")
  }

  @Test func `without a word it is half of the images and what dense costs`() throws {
    let dense = try costs(["2:4", "4:4"]).denseCost
    let objectives: [Objective] = [.accuracy, .throughput, .latency, .macs, .weightBytes]
    let point = ReferencePoint(usualFor: objectives).minimized(of: objectives, dense: dense)
    #expect(
      point == [
        -0.5, -dense.throughputImagesPerSecond, dense.latencySeconds, Double(dense.macs),
        Double(dense.weightBytes),
      ])
    let file = try file("objectives: [accuracy, throughput, latency, macs, weightBytes]")
    let completed = ReferencePoint.completing(file)
    #expect(ReferencePoint(completed).minimized(of: objectives, dense: dense) == point)
    #expect(try RunFile(yaml: completed.yaml, file: "again") == completed)
    #expect(file.differences(from: completed).isEmpty, "a file may leave the usual point out")
  }

  @Test func `a run that an older program has begun keeps its point`() throws {
    let dense = try costs(["2:4", "4:4"]).denseCost
    let file = try file("objectives: [accuracy, throughput, macs]")
    #expect(
      ReferencePoint(file).minimized(of: file.objectives, dense: dense)
        == [0, 0, 1.1 * Double(dense.macs)])
  }

  @Test func `what the run file names counts instead, relative to dense or with a unit`() throws {
    let dense = try costs(["2:4", "4:4"]).denseCost
    let file = try file(
      """
      objectives: [accuracy, throughput, latency, macs]
      referencePoint: {accuracy: 0.75, throughput: 1.5, latency: 3 ms}
      """)
    let point = ReferencePoint(ReferencePoint.completing(file))
      .minimized(of: file.objectives, dense: dense)
    #expect(
      point == [-0.75, -1.5 * dense.throughputImagesPerSecond, 3 * 1e-3, Double(dense.macs)])
  }

  @Test func `what is measured begins at its limit, or at nothing`() throws {
    let measured: Objective = .latency
    let unknown = try costs(["2:4", "4:4"]).without(.latency).denseCost
    let file = try RunFile(
      yaml: """
        evaluator: {name: landscape, version: "1"}
        data: {images: 90}
        decisions:
          - {name: a, choices: [s, l]}
        costs: {latency: measured}
        objectives: [accuracy, latency]
        constraints: {latency: {atMost: 7 ms}}
        """, file: "run.yaml")
    #expect(
      ReferencePoint(ReferencePoint.completing(file))
        .minimized(of: [.accuracy, measured], dense: unknown) == [-0.5, 7 * 1e-3])
    #expect(
      ReferencePoint(usualFor: [.throughput]).minimized(of: [.throughput], dense: unknown) == [0])
  }
}
