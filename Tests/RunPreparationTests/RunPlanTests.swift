import EvolutionarySearch
import RunFiles
import RunPreparation
import SparsityCore
import Testing
import TestSupport
import TextReports

struct RunPlanTests {
  /// The patterns that most of the run files here name.
  private static let patterns = #"patterns: ["1:4", "2:4", "4:4"]"#

  /// Reads a run file about the digits model.
  static func runFile(
    _ lines: String = "", model: String = "\(Checkout.demoData)/digits_vit_dense.safetensors",
    search: String = "population: 20, evaluations: 100, seed: 3"
  ) throws -> RunFile {
    try RunFile(
      yaml: """
        model: {weights: \(model)}
        data: {search: \(Checkout.demoData)/search.safetensors}
        search: {\(search)}
        \(lines)
        """, file: "run.yaml")
  }

  @Test(arguments: [
    (patterns, "nowhere.safetensors", RunPlanError.Subject.model),
    ("\(patterns)\naccelerator: {profile: nothing}", "", .accelerator),
    ("\(patterns)\naccelerator: {profile: ./nothing.yaml}", "", .accelerator),
    (#"patterns: {default: ["2:4"], "blocks.9.*": ["4:4"]}"#, "", .patterns),
    ("\(patterns)\nconstraints: {macs: {atMost: 0.01}}", "", .constraints),
  ])
  func `what cannot be used is told by what it is`(
    lines: String, model: String, subject: RunPlanError.Subject
  ) throws {
    let runFile =
      try model.isEmpty ? Self.runFile(lines) : Self.runFile(lines, model: model)
    let error = try #require(throws: RunPlanError.self) { try RunPlan(runFile) }
    #expect(error.subject == subject, "\(error.reason)")
    let explained = error.reason as? ExplainedError
    #expect((explained?.isWrongUsage ?? false) == [.patterns, .constraints].contains(subject))
  }

  @Test func `a search begins with the uniform genomes, the densest first`() throws {
    let plan = try RunPlan(
      Self.runFile(
        Self.patterns, search: "population: 20, evaluations: 100, seed: 3, dropDominated: false"))
    let settings = plan.searchSettings(outputErrors: nil)
    let count = plan.space.decisions.count
    #expect(settings.initial == [2, 1, 0].map { Genome(uniform: $0, count: count) })
    #expect(settings.populationSize == 20)
    #expect(settings.evaluationCountMax == 100)
    #expect(settings.seed == 3)
    #expect(settings.algorithm == .bayesian)
    #expect(settings.objectiveCount == 2)
  }

  @Test(arguments: [
    ("population: 20, evaluations: 100", 10), ("population: 20, evaluations: 24", 3),
  ])
  func `what layers lose alone gives more genomes to begin with, not too many`(
    search: String, seedCount: Int
  ) throws {
    let plan = try RunPlan(
      Self.runFile(Self.patterns, search: "algorithm: nsga2, \(search), dropDominated: false"))
    let layers = try #require(plan.network).network.prunableLayers
    let errors = layers.indices.map { [0.3 + 0.01 * Double($0), 0.1 + 0.01 * Double($0), 0] }
    let settings = plan.searchSettings(outputErrors: errors)
    let seeds = SensitivitySeeds.genomes(
      outputErrors: errors, space: plan.space, layers: layers, count: seedCount)
    #expect(seeds.count == seedCount)
    #expect(Array(settings.initial.prefix(3)) == plan.space.uniformGenomes)
    let more = settings.initial.dropFirst(3)
    #expect(!more.isEmpty && more.count <= seedCount)
    #expect(more.allSatisfy(seeds.contains))
    #expect(Set(settings.initial).count == settings.initial.count)
  }

  @Test func `a search that learns begins with uniform genomes alone`() throws {
    let plan = try RunPlan(
      Self.runFile(Self.patterns, search: "evaluations: 100, dropDominated: false"))
    let layers = try #require(plan.network).network.prunableLayers
    let settings = plan.searchSettings(outputErrors: layers.map { _ in [0.3, 0.1, 0] })
    #expect(settings.initial == plan.space.uniformGenomes)
  }

  @Test func `needless choices are left out unless the run keeps them`() throws {
    let lines = "\(Self.patterns)\naccelerator: {profile: edge-tpu}"
    let plan = try RunPlan(Self.runFile(lines))
    let needed = try #require(plan.neededChoices)
    let settings = plan.searchSettings(outputErrors: nil)
    #expect(settings.allowedChoices == needed.allowed)
    #expect(settings.initial == [Genome(uniform: 2, count: plan.space.decisions.count)])
    let keeping = try RunPlan(
      Self.runFile(lines, search: "population: 20, evaluations: 100, dropDominated: false"))
    #expect(keeping.neededChoices == nil)
    #expect(keeping.searchSettings(outputErrors: nil).initial.count == 3)
  }
}
