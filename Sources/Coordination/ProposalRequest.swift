import EvolutionarySearch
import SparsityCore

/// What a search is asked: the next candidates, to be found wherever it holds up nothing else.
///
/// It carries the search's ``EvolutionarySearch/Proposer``, and its copies share that: only one is
/// answered, and only once.
package struct ProposalRequest: Sendable {
  /// The number of the first candidate.
  package let firstNumber: Int
  /// The most candidates that are wanted; at least one.
  package let countMax: Int
  private let lent: Handover<Proposer>
  private let costs: @Sendable () -> ExactCosts

  /// Creates a request for what a proposer that was lent has to offer.
  init(
    countMax: Int, proposer: consuming Proposer, model: CandidateModel, objectives: [Objective]
  ) {
    precondition(countMax > 0)
    firstNumber = proposer.proposalCount
    self.countMax = countMax
    lent = Handover(proposer)
    costs = { model.exactCosts(of: objectives) }
  }

  /// Has the algorithm think, for as long as it takes.
  ///
  /// - Precondition: neither this request nor a copy of it was answered.
  package func answer() -> ProposalAnswer {
    var proposer = lent.take()
    _ = proposer.propose(countMax: countMax, costs: costs())
    return ProposalAnswer(lent: Handover(consume proposer))
  }
}

extension ProposalRequest: Hashable {
  /// Whether two requests ask for the same candidates.
  package static func == (lhs: Self, rhs: Self) -> Bool {
    lhs.firstNumber == rhs.firstNumber && lhs.countMax == rhs.countMax
  }

  /// Hashes what is asked for.
  package func hash(into hasher: inout Hasher) {
    hasher.combine(firstNumber)
    hasher.combine(countMax)
  }
}

/// What a search has proposed, on its way back to the coordinator.
package struct ProposalAnswer: Sendable {
  fileprivate let lent: Handover<Proposer>

  /// Gives the proposer back.
  func proposer() -> Proposer { lent.take() }
}

extension Coordinator {
  /// Applies an event and has the search think at once whenever it is asked, for callers to whom
  /// the time that it takes does not matter.
  package mutating func applyThinking(_ event: Event, at now: Instant) -> [Effect] {
    var effects: [Effect] = []
    var events = [event]
    while !events.isEmpty {
      for effect in apply(events.removeFirst(), at: now) {
        if case .propose(let request) = effect {
          events.append(.proposed(request.answer()))
        } else {
          effects.append(effect)
        }
      }
    }
    return effects
  }
}
