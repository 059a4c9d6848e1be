import SparsityCore
import WireProtocol

/// How a run comes to its arithmetic where its run file does not name it.
///
/// Nothing is written, no worker is welcomed and no candidate is proposed before it is chosen: the
/// keys of all results depend on it. The choice is durable with the first record of the journal,
/// the start of the coordinator, whose description carries it; only then are the workers welcomed
/// that have waited for it, so that a coordinator which dies before can choose anew.
extension Coordinator {
  /// The arithmetic that results are computed in, once it is known.
  package var numerics: Numerics? {
    settings.numericsWindow == nil ? settings.description.numerics : nil
  }

  /// The workers that wait until the arithmetic is chosen and durable.
  package var applicantCount: Int { life.applicantCount }

  /// The record of this start.
  var opening: RunOpening {
    RunOpening(
      term: term, description: settings.description, settings: settings.settingsText,
      tokenSecret: settings.tokenSecret)
  }

  /// Lets a worker wait until the arithmetic is chosen.
  mutating func wait(
    _ hello: Hello, sequence: UInt64, from worker: WorkerID, key: String?, at now: Instant
  ) {
    life.add(
      NumericsApplicants.Applicant(
        worker: worker, key: key, hello: hello, sequence: sequence), at: now)
    let diagnostic =
      "the run file leaves \(openKeys) open; what all of the first workers can is taken, "
      + "within \(life.applicants?.window.duration ?? .zero) of the first of them"
    turnAway(worker, .choosingNumerics, diagnostic: diagnostic, isCounted: false)
  }

  private var openKeys: String { life.applicants?.window.openKeys ?? "arithmetic" }

  /// Chooses the arithmetic when it is due, and welcomes those that have waited once it is durable.
  mutating func chooseNumerics(at now: Instant) {
    guard let applicants = life.applicants else { return }
    switch life.phase {
    case .choosingNumerics where life.isDraining:
      for applicant in life.takeApplicants() { turnAwayClosing(applicant.worker) }
      life.end(.drained, deadline: now)
    case .choosingNumerics where applicants.isDue(at: now):
      let numerics = applicants.choice(within: settings.description.numerics)
      settings = settings.choosing(numerics)
      driver.choose(settings.shardKeys)
      records.append(.opened(opening))
      life.choseNumerics()
      notify(
        .numericsChosen(
          numerics, keys: applicants.window.openKeys, workerCount: applicants.all.count))
    case .working:
      for applicant in life.takeApplicants() where !faults.isRefused(applicant.worker) {
        greet(
          applicant.hello, sequence: applicant.sequence, from: applicant.worker,
          key: applicant.key, at: now)
      }
    case .choosingNumerics, .opening, .stopping, .ending, .over: break
    }
  }

  /// Says why a worker cannot reproduce the run's arithmetic, as far as that is fixed.
  func numericsProblem(of hello: Hello) -> String? {
    let numerics = settings.description.numerics
    guard let offer = hello.offer(of: numerics.backend) else {
      let offered = hello.offers.map { "\($0.backend)" }.joined(separator: ", ")
      return "the run computes with \(numerics.backend), the worker has "
        + "\(offered.isEmpty ? "nothing" : offered); use the same version on all machines"
    }
    for (name, value) in numerics.options.sorted(by: { $0.key < $1.key })
    where !offer.allows(value, for: name) {
      let able = offer.values[name, default: []].joined(separator: ", ")
      return "the run computes with \(value) (\(name)), the worker's machine has only \(able); "
        + "start a run with another value of this key in its run file, or use other machines"
    }
    return nil
  }
}
