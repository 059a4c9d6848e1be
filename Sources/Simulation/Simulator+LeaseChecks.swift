import Coordination
import SparsityCore
import WireProtocol

/// What the checks remember of one life of the coordinator.
struct ObservedLife: Sendable {
  /// A lease that was given.
  struct GivenLease: Hashable, Sendable {
    let worker: WorkerID
    let shard: ShardID
    let attempt: Int
  }

  /// The leases that were given; the same one may be sent again.
  var leases: Set<GivenLease> = []
  /// What the first result of each shard was, by its key: numbers may be given anew.
  var results: [ShardKey: ShardMeasurement] = [:]
  /// The shard with a known result that a worker was given last.
  var controls: [WorkerID: ShardID] = [:]
  /// The shards that workers were given because others have measured them.
  var spotChecks: [WorkerID: Set<ShardID>] = [:]
  /// The workers of which a result was taken.
  var provenWorkers: Set<WorkerID> = []
  /// What has passed between network and coordinator.
  var reception = ObservedReception()
}

extension Simulator {
  /// The name of the worker that finds other bits.
  var wrongLabel: String { "worker-\(plan.workerCount - 1)" }

  /// Checks that a peer whose key was revoked is told nothing but that.
  mutating func checkRevocation(_ message: Message, to worker: WorkerID) {
    guard revoked[worker] != nil else { return }
    switch message {
    case .refused, .acknowledge, .cancel: break
    default: violate("\(message.name) goes to \(worker), whose key is revoked")
    }
  }

  /// Checks that a worker gets no lease that it cannot finish, once its speed is known.
  mutating func checkEndTime(of grant: LeaseGrant, for worker: WorkerID) {
    let lease = ObservedLife.GivenLease(worker: worker, shard: grant.shard, attempt: grant.attempt)
    guard observed.leases.insert(lease).inserted else { return }
    guard plan.clogs.isEmpty, observed.provenWorkers.contains(worker) else { return }
    guard let place = place(of: worker), let endsAt = workers[place].process?.endsAt else { return }
    if endsAt - now < workers[place].evaluationTimes.lowerBound {
      violate("\(grant.shard) goes to worker-\(place), which ends in \(endsAt - now) ms")
    }
  }

  /// Checks that a result that differs from an earlier one of its shard is noticed.
  mutating func checkComparison(
    of result: ShardResult, from worker: WorkerID, before: CoordinatorCounters
  ) {
    guard let after = coordinator.machine?.counters else { return }
    if after.results > before.results {
      observed.results[result.key] = result.measurement
      observed.provenWorkers.insert(worker)
    } else if after.duplicateResults > before.duplicateResults,
      let first = observed.results[result.key]
    {
      let isNoticed = after.disagreements > before.disagreements
      if isNoticed != (first != result.measurement) {
        violate("two results of \(result.shard) differ, or do not, and nobody is told the truth")
      }
    }
  }

  /// Checks that nobody is suspected when everybody who left had said so.
  mutating func checkDeaths() {
    guard plan.isEveryDeathAnnounced, let counters = coordinator.machine?.counters else { return }
    if counters.suspectedDeaths > 0 {
      violate(
        "candidates are blamed for \(counters.suspectedDeaths) workers that left as announced")
    }
  }

  /// Checks that shards do not wait for workers that hang while others have nothing to do.
  mutating func checkProgress() {
    guard isHealed, coordinator.isRunning, !coordinator.isFinished, let resultAt else {
      return
    }
    guard !plan.hasPoison, !plan.hasFailures, !plan.hasSickWorker, plan.meanLifeShards == nil
    else { return }
    let longest = plan.evaluationTimes.map(\.upperBound).max() ?? 0
    // Two workers that hang may have both leases of a shard until the later one straggles.
    let hangingCount = Set(plan.hangs.map(\.process)).count
    let patience =
      hangingCount > 2 ? 100_000 : hangingCount == 2 ? min(100_000, 25_000 + 120 * longest) : 30_000
    // Workers that hang have what is measured again for a while, and its loss is noticed late.
    let checkPatience = keys == nil ? 0 : 45_000 + 40 * longest
    if now - resultAt > patience + 8 * longest + checkPatience {
      violate("nothing was finished for \(now - resultAt) ms")
    }
  }
}
