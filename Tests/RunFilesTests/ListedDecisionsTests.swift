import AcceleratorModel
import RunFiles
import SparsityCore
import Testing

/// Decisions that a run file lists with what they cost, where Elsa knows no model.
struct ListedDecisionsTests {
  private static let decisions = """
    decisions:
      - {name: stem, choices: [narrow, wide], macs: [1.5 M, 3 M], latency: [0.5 ms, 2 ms]}
      - name: head
        choices: ["1:4", "2:4", "4:4"]
        macs: [1, 2, 4]
        weightBytes: [1 KiB, 2 KiB, 3 KiB]
    costs: {macs: 10, energy: 1 mJ}
    """

  private static func file(
    _ decisions: String = Self.decisions, data: String = "{images: 450}", rest: String = ""
  ) throws(RunFileError) -> RunFile {
    try RunFile(
      yaml: """
        evaluator: {name: mine, version: "3"}
        data: \(data)
        \(decisions)
        \(rest)
        """, file: "run.yaml")
  }

  @Test func `costs add up, exactly and in every unit`() throws {
    let listed = try #require(try Self.file().subject.listed)
    let costs = try listed.costs()
    #expect(costs.space.decisions.map(\.name) == ["stem", "head"])
    #expect(costs.space.decisions[0].kind == .categorical)
    let cost = costs.cost(of: Genome(genes: [0, 1]))
    #expect(cost.macs == 10 + 1_500_000 + 2)
    #expect(cost.latencySeconds == 0.0005)
    #expect(cost.throughputImagesPerSecond == 2_000)
    #expect(cost.weightBytes == 2_048)
    #expect(cost.energyJoulesPerImage == 0.001)
    #expect(cost.denseMacs == 10 + 3_000_000 + 4)
    #expect(costs.denseCost.value(of: .latency) == 0.002, "the last choices are compared with")
    #expect(costs.bounds.least.macs == 1_500_011)
  }

  @Test func `what nobody lists is not known`() throws {
    let file = try Self.file(
      "decisions: [{name: a, choices: [x, y], macs: [1, 2]}]",
      rest: "objectives: [accuracy, macs]")
    let cost = try #require(file.subject.listed).costs().denseCost
    #expect(cost.value(of: .macs) == 2)
    for objective in [Objective.latency, .throughput, .energy, .weightBytes] {
      #expect(cost.value(of: objective) == nil)
    }
  }

  @Test func `a file comes back as it was written, and so do its costs`() throws {
    let file = try Self.file()
    #expect(try RunFile(yaml: file.yaml, file: "again.yaml") == file)
    let listed = try #require(file.subject.listed)
    #expect(try ListedDecisions(text: listed.text) == listed)
    #expect(file.search.dropsDominated == false)
  }

  @Test func `a run is another one with other choices or costs`() throws {
    let file = try Self.file()
    let other = try Self.file(Self.decisions.replacing("1.5 M", with: "1.6 M"))
    #expect(other.differences(from: file).map(\.key) == ["decisions"])
    let more = try Self.file(data: "{images: 451}")
    #expect(more.differences(from: file).map(\.key) == ["data.images"])
  }

  @Test(arguments: [
    ("decisions: []", "at least one value"),
    ("decisions: [{choices: [a, b], macs: [1, 2]}]", "name"),
    ("decisions: [{name: a, macs: [1, 2]}]", "choices"),
    ("decisions: [{name: a, choices: [x, y], cost: [1, 2]}]", "unknown key \"cost\""),
    ("decisions: [{name: a, choices: [x, y], macs: [1]}]", "macs of \"a\" has 1 number for 2"),
    ("decisions: [{name: a, choices: [x, x], macs: [1, 2]}]", "\"x\" of \"a\" is listed twice"),
    ("decisions: [{name: a, choices: [x], macs: [1]}]", "nothing to search"),
    ("decisions: [{name: \"a b\", choices: [x, y], macs: [1, 2]}]", "without spaces"),
    ("decisions: [{name: a, choices: [x, \"y=1\"], macs: [1, 2]}]", "equals signs"),
    ("decisions: [{name: a, choices: [x, y], macs: [1, -2]}]", "no amount of macs"),
    ("decisions: [{name: a, choices: [x, y], macs: [1, 2.5]}]", "no amount of macs"),
    ("decisions: [{name: a, choices: [x, y], macs: [1, 1e30]}]", "no amount of macs"),
    ("decisions: [{name: a, choices: [x, y], macs: [1, 2 kg]}]", "unknown unit \"kg\""),
    ("decisions: [{name: a, choices: [x, y], latency: [1 ms, 0.1 ps]}]", "no amount of latency"),
    (
      "decisions: [{name: a, choices: [x, y], macs: [1, 2]}, {name: a, choices: [x, y]}]",
      "\"a\" is listed twice"
    ),
    ("decisions: [{name: a, choices: [x, y], macs: [1, 2]}]", "nothing is listed of throughput"),
    (decisions + "\nmodel: {weights: m}", "model cannot stand beside decisions"),
    (decisions + "\npatterns: [\"2:4\", \"4:4\"]", "patterns cannot stand beside decisions"),
    (decisions + "\nsearch: {dropDominated: true}", "nothing is known of listed choices"),
    (decisions + "\nconstraints: {weightBytes: {atMost: 1 kB}}", "unknown unit \"kB\""),
  ])
  func `what is wrong is named with its place`(lines: String, part: String) {
    let error = #expect(throws: RunFileError.self) { try Self.file(lines) }
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
    #expect(error?.description.contains("run.yaml:") == true)
  }

  @Test(arguments: [
    ("{search: folder}", "data has the number of images alone"),
    ("{images: 0}", "allowed is 1…"),
    ("{images: 450, test: t}", "data.test has no use"),
    ("{images: 450, calibration: folder}", "data has the number of images alone"),
    ("{images: 450, resize: none}", "data.resize has no use"),
  ])
  func `images that Elsa does not see are only counted`(data: String, part: String) {
    let error = #expect(throws: RunFileError.self) { try Self.file(data: data) }
    #expect(error?.description.contains(part) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    "data: {images: 450}\n" + decisions,
    "data: {images: 450}\nmodel: {weights: m}\npatterns: [\"2:4\", \"4:4\"]",
  ])
  func `only an evaluator knows what Elsa does not`(text: String) {
    let error = #expect(throws: RunFileError.self) { try RunFile(yaml: text, file: "run.yaml") }
    #expect(error?.description.contains("evaluator: {name: …, version: …}") == true)
  }

  @Test func `a network may have images that only its evaluator reads`() throws {
    let file = try RunFile(
      yaml: """
        evaluator: {name: mine, version: "3"}
        model: {weights: m}
        data: {images: 450}
        patterns: ["2:4", "4:4"]
        """, file: "run.yaml")
    #expect(file.data.images == .counted(450))
    #expect(try RunFile(yaml: file.yaml, file: "again.yaml") == file)
  }
}
