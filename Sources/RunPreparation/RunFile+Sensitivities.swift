import RunFiles

extension RunFile {
  /// Returns the run that measures what this one's decisions lose one at a time: each choice
  /// alone, on all images of the search set, whatever candidates of a search must satisfy.
  ///
  /// - Throws: `RunPlanError` if what the run file names cannot be used.
  package func measuringSensitivities() throws(RunPlanError) -> RunFile {
    var single = self
    single.search.algorithm = .oneAtATime
    single.search.isGenerational = false
    single.search.mode = .asynchronous
    single.search.window = nil
    single.search.warmStart = []
    single.stopsEarly = false
    single.constraints = []
    single.accuracyBound = nil
    let plan = try RunPlan(single)
    let counts = plan.neededChoices?.allowed.map(\.count) ?? plan.space.choiceCounts
    single.search.evaluations = 1 + counts.reduce(0) { $0 + $1 - 1 }
    return single
  }
}
