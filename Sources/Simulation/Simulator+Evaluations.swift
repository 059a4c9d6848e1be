import Coordination
import SparsityCore
import WireProtocol

extension Simulator {
  /// Starts an evaluation on a slot.
  mutating func startEvaluation(_ task: EvaluationTask, worker: WorkerID, place: Int) {
    let token = Int(truncatingIfNeeded: generator.next())
    let time = generator.number(in: workers[place].evaluationTimes)
    if workers[place].process?.running.updateValue(token, forKey: task.shard) != nil {
      violate("worker-\(place) evaluates \(task.shard) twice at once")
    }
    workers[place].process?.beganAt[task.shard] = now
    events.add(.progress(worker, task, token: token), at: now + time / 2)
    events.add(.finishEvaluation(worker, task, token: token), at: now + time)
    // The chance of an exponential life to end within one shard, nearly: 1 - exp(-1 / mean).
    if let life = plan.meanLifeShards, generator.chance(2 / Double(2 * life + 1)) {
      events.add(.perish(worker), at: now + generator.number(in: 0...time))
    }
  }

  /// Ends an evaluation: it fails, kills its worker, or has a result.
  mutating func finishEvaluation(_ worker: WorkerID, _ task: EvaluationTask, token: Int) {
    guard let place = place(of: worker) else { return }
    guard workers[place].process?.running[task.shard] == token else { return }
    guard workers[place].process?.isHanging == false else { return }
    if let thaw = thaw(of: worker) {
      events.add(.finishEvaluation(worker, task, token: token), at: thaw)
      return
    }
    let time = stopEvaluation(of: task.shard, at: place)
    if plan.hasPoison, run.isInTwelfth(0, task.genome) {
      tell("\(task.shard) kills worker-\(place)")
      countKill(of: worker, by: task.shard.candidate)
      crashWorker(place, pause: generator.number(in: 1...2_000))
    } else if workers[place].isSick || isHarmful(task.genome) {
      if !isHarmful(task.genome) { countFailure(at: place) }
      tellWorker(worker, .evaluationFailed(task.shard, diagnostic: "not a number"))
    } else {
      computedShardCount += 1
      if finishedShards.insert(task.shard).inserted { usefulMilliseconds += time }
      var costs = run.settings.model.cost(task.genome).wireValues
      if workers[place].isDeviant { costs[0] += 1 }
      let evaluation = Evaluation(
        measurement: measure(task, at: place), costs: costs, microseconds: time * 1_000)
      tellWorker(worker, .evaluated(task.shard, evaluation))
    }
  }

  /// Returns what a worker finds out; one that computes wrongly differs now and then.
  private func measure(_ task: EvaluationTask, at place: Int) -> ShardMeasurement {
    let honest = run.measure(task.genome, task.slice)
    let isOff = (2...6).contains { run.isInTwelfth($0, task.genome) }
    guard workers[place].isWrong, isOff else { return honest }
    var correct = honest.correct
    correct[0].toggle()
    return ShardMeasurement(correct: correct, summedLoss: honest.summedLoss)
  }

  /// Takes an evaluation from its slot and returns how long it has run.
  @discardableResult
  mutating func stopEvaluation(of shard: ShardID, at place: Int) -> Int {
    workers[place].process?.running[shard] = nil
    let beganAt = workers[place].process?.beganAt.removeValue(forKey: shard)
    return beganAt.map { now - $0 } ?? 0
  }

  /// Takes down for how long a process that ends now could have worked.
  mutating func endWork(of place: Int) {
    guard let readyAt = workers[place].process?.readyAt else { return }
    availableMilliseconds += (now - readyAt) * workers[place].slots
  }

  // MARK: A rogue

  /// Sends bytes that are no message, or a spoilt one, under a name of its own.
  mutating func sendGarbage() {
    guard !isHealed else { return }
    var frame = sampleFrame
    if frame.isEmpty || generator.chance(0.3) {
      frame = (0..<generator.number(in: 0...80)).map { _ in
        UInt8(truncatingIfNeeded: generator.next())
      }
    } else {
      for _ in 0..<generator.number(in: 1...6) {
        frame[generator.index(below: frame.count)] = UInt8(truncatingIfNeeded: generator.next())
      }
    }
    let rogue = WorkerID(UInt64(generator.number(in: 1...3)))
    events.add(.arriveAtCoordinator(frame, from: rogue), at: now + 1)
    events.add(.sendGarbage, at: now + generator.number(in: 10...500))
  }
}
