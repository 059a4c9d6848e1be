import SparsityCore
import WireProtocol

/// What a run file leaves open about the run's arithmetic, and how long workers are waited for
/// before it is chosen.
///
/// The numerics of a description whose window is open lack these options.
package struct NumericsWindow: Hashable, Sendable {
  /// An option that is chosen.
  package struct Option: Hashable, Sendable {
    /// The name, which is that of the key in a run file.
    package let name: String
    /// The values that it may get, from the one that is wanted most on.
    package let values: [String]

    /// Creates an option.
    ///
    /// - Precondition: there is a value, and name and values are `Numerics.isTerm(_:)`.
    package init(name: String, values: [String]) {
      precondition(!values.isEmpty)
      precondition(Numerics.isTerm(name) && values.allSatisfy(Numerics.isTerm))
      self.name = name
      self.values = values
    }
  }

  /// What is chosen.
  package var options: [Option]
  /// How long the window stays open after the first worker has come.
  package var duration: Duration
  /// The workers with which the window closes at once.
  package var workerCountMax: Int

  /// How long a window stays open where nobody says otherwise.
  package static let usualDuration = Duration.seconds(30)
  /// The workers that are enough where nobody says otherwise.
  package static let usualWorkerCountMax = 10

  /// Creates a window.
  ///
  /// - Precondition: something is chosen, and at least one worker is waited for.
  package init(
    options: [Option], duration: Duration = usualDuration,
    workerCountMax: Int = usualWorkerCountMax
  ) {
    precondition(!options.isEmpty)
    precondition(duration >= .zero)
    precondition(workerCountMax > 0)
    self.options = options
    self.duration = duration
    self.workerCountMax = workerCountMax
  }

  /// The keys of the run file that are not given, as in `precision and instructionSet`.
  package var openKeys: String { options.map(\.name).joined(separator: " and ") }

  /// Returns the arithmetic in which each open option has the first value that all workers allow,
  /// or its last one where they have none in common: those that cannot do that are refused.
  ///
  /// - Parameter fixed: what is not chosen.
  func choice(of offers: [BackendOffer], within fixed: Numerics) -> Numerics {
    var chosen: [String: String] = [:]
    for option in options {
      chosen[option.name] =
        option.values.first { value in offers.allSatisfy { $0.allows(value, for: option.name) } }
        ?? option.values.last
    }
    return fixed.setting(chosen)
  }

  /// Whether an arithmetic may have been chosen here.
  func allows(_ numerics: Numerics, within fixed: Numerics) -> Bool {
    var chosen: [String: String] = [:]
    for option in options {
      guard let value = numerics.options[option.name], option.values.contains(value) else {
        return false
      }
      chosen[option.name] = value
    }
    return numerics == fixed.setting(chosen)
  }
}

extension CoordinatorSettings {
  /// Returns the settings with an arithmetic that was chosen, and closes the window; settings
  /// without a window, or whose window allows no such choice, stay as they are.
  func choosing(_ numerics: Numerics) -> CoordinatorSettings {
    guard let window = numericsWindow, window.allows(numerics, within: description.numerics)
    else { return self }
    var settings = self
    settings.description.numerics = numerics
    settings.numericsWindow = nil
    return settings
  }
}

extension CoordinatorSettings {
  /// The keys of the run's shards, if its arithmetic is known.
  var shardKeys: ShardKeys? {
    numericsWindow == nil ? ShardKeys(description: description) : nil
  }
}

/// The workers that have come while a run's arithmetic is chosen, and when it is due.
package struct NumericsApplicants: Sendable {
  /// A worker that waits for its welcome.
  package struct Applicant: Sendable {
    /// The session.
    package let worker: WorkerID
    /// The key that it has proved to own, or `nil` without encryption.
    package let key: String?
    /// What it has said last.
    package var hello: Hello
    /// The sequence of that message.
    package var sequence: UInt64
  }

  /// The window in which they are waited for.
  package let window: NumericsWindow
  /// The workers, in the order in which they came.
  package private(set) var all: [Applicant] = []
  /// When the window closes at the latest, once it is open.
  package private(set) var deadline: Instant?

  /// Waits for the first worker.
  package init(window: NumericsWindow) {
    self.window = window
  }

  /// Adds a worker, or takes note of what it says now; the first one opens the window.
  ///
  /// - Complexity: O(*n*) for *n* workers.
  package mutating func add(_ applicant: Applicant, at now: Instant) {
    if let index = all.firstIndex(where: { $0.worker == applicant.worker }) {
      all[index] = applicant
    } else {
      all.append(applicant)
    }
    deadline = deadline ?? now + window.duration
  }

  /// Takes out a worker that is gone; without any, the window opens with the next one.
  package mutating func remove(_ worker: WorkerID) {
    all.removeAll { $0.worker == worker }
    if all.isEmpty { deadline = nil }
  }

  /// Whether the choice is due.
  package func isDue(at now: Instant) -> Bool {
    guard let deadline, !all.isEmpty else { return false }
    return all.count >= window.workerCountMax || deadline <= now
  }

  /// Returns the arithmetic that all of them can reproduce, as well as they can.
  ///
  /// - Parameter fixed: what is not chosen.
  package func choice(within fixed: Numerics) -> Numerics {
    window.choice(of: all.compactMap { $0.hello.offer(of: fixed.backend) }, within: fixed)
  }
}
