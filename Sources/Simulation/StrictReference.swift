import EvolutionarySearch
import SparsityCore
import WireProtocol

/// What strict mode must find, computed without coordinator, workers, time or faults.
///
/// Only the candidates that nobody could evaluate are taken from elsewhere.
struct StrictReference: Sendable {
  /// The genomes in the order of proposal.
  private(set) var proposals: [Genome] = []
  /// The evaluations in the order in which the search was told.
  private(set) var evaluations: [EvaluatedCandidate] = []
  /// The non-dominated individuals in the end.
  private(set) var front: [Individual] = []

  /// Runs the search of a run to its end.
  ///
  /// - Throws: ``EvolutionarySearch/SearchError`` if the settings are impossible.
  init(
    _ run: SimulatedRun, window: Int, quarantined: Set<CandidateID>
  ) throws(SearchError) {
    let settings = run.settings
    var search = try Search(choiceCounts: settings.space.choiceCounts, settings: settings.search)
    var concludedCount = 0
    var members: [CandidateID: EarlyStopping.Member] = [:]
    while true {
      while proposals.count < concludedCount + window,
        let candidate = search.ask(
          costs: settings.model.exactCosts(of: settings.description.objectives))
      {
        proposals.append(candidate.genome)
      }
      guard concludedCount < proposals.count else { break }
      let next = CandidateID(concludedCount)
      if quarantined.contains(next) {
        try search.quarantine(next)
      } else {
        let genome = proposals[concludedCount]
        let results = settings.description.slices.map { slice in
          let measured = run.measure(genome, slice)
          return SliceResult(correct: measured.correct, summedLoss: measured.summedLoss)
        }
        let decision = settings.stopping?.decision(
          about: results,
          objectives: run.evaluate(next, genome).minimized(settings.description.objectives),
          accuracyFloor: search.stoppingFloor,
          front: search.archive.individuals.compactMap { members[$0.id] })
        var stopped: StoppedEvaluation?
        if case .stops(let estimate) = decision { stopped = estimate }
        let evaluation = run.evaluate(
          next, genome, stopped: stopped, lacksReference: quarantined.contains(CandidateID(0)))
        let objectives = evaluation.minimized(settings.description.objectives)
        try search.tell(
          next, objectives: objectives, violation: evaluation.violation,
          meanLoss: evaluation.meanLoss,
          imageCount: stopped?.imageCount)
        members[next] = EarlyStopping.Member(objectives: objectives, results: results)
        evaluations.append(evaluation)
      }
      concludedCount += 1
    }
    front = search.archive.individuals
  }
}

extension Simulator {
  /// Checks that strict mode has found what a run without workers and faults finds.
  mutating func checkStrictOrder() {
    guard case .strict(let window) = run.settings.order, let machine = coordinator.machine else {
      return
    }
    do {
      let reference = try StrictReference(run, window: window, quarantined: journal.quarantined)
      if journal.proposalsInOrder != reference.proposals {
        violate("strict mode has proposed other candidates than a run without workers")
      }
      if journal.evaluationsInOrder != reference.evaluations {
        violate("strict mode has told the search other results than a run without workers")
      }
      if machine.front != reference.front {
        violate("strict mode has another front than a run without workers")
      }
    } catch {
      violate("the reference of strict mode cannot be computed: \(error)")
    }
  }
}

extension SimulatedJournal {
  /// The genomes of the durable proposals, in their order.
  var proposalsInOrder: [Genome] {
    countingRecords.compactMap { record in
      if case .proposed(_, let genome) = record { genome } else { nil }
    }
  }

  /// The durable evaluations, in their order.
  var evaluationsInOrder: [EvaluatedCandidate] {
    countingRecords.compactMap { record in
      if case .evaluated(let evaluation) = record { evaluation.withoutKeys } else { nil }
    }
  }
}
