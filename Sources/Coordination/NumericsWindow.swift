import SparsityCore
import WireProtocol

/// What a run file leaves open about the run's arithmetic, and how long workers are waited for
/// before it is chosen.
///
/// The description of a run whose window is open names the most that may be chosen.
public struct NumericsWindow: Hashable, Sendable {
  /// Whether the precision is chosen; else that of the description holds.
  public var choosesPrecision: Bool
  /// Whether the instruction set is chosen; else that of the description holds.
  public var choosesInstructionSet: Bool
  /// How long the window stays open after the first worker has come.
  public var duration: Duration
  /// The workers with which the window closes at once.
  public var workerCountMax: Int

  /// How long a window stays open where nobody says otherwise.
  public static let usualDuration = Duration.seconds(30)
  /// The workers that are enough where nobody says otherwise.
  public static let usualWorkerCountMax = 10
  /// The precisions in the order in which they are chosen.
  private static let preferredPrecisions = [Precision.bf16, .f32]

  /// Creates a window.
  ///
  /// - Precondition: something is chosen, and at least one worker is waited for.
  public init(
    choosesPrecision: Bool, choosesInstructionSet: Bool, duration: Duration = usualDuration,
    workerCountMax: Int = usualWorkerCountMax
  ) {
    precondition(choosesPrecision || choosesInstructionSet)
    precondition(duration >= .zero)
    precondition(workerCountMax > 0)
    self.choosesPrecision = choosesPrecision
    self.choosesInstructionSet = choosesInstructionSet
    self.duration = duration
    self.workerCountMax = workerCountMax
  }

  /// The keys of the run file that are not given, as in `precision and instructionSet`.
  public var openKeys: String {
    [
      choosesPrecision ? Numerics.precisionKey : nil,
      choosesInstructionSet ? Numerics.instructionSetKey : nil,
    ].compactMap(\.self).joined(separator: " and ")
  }

  /// Returns the most able arithmetic within `most` that all of these workers can compute in.
  ///
  /// - Precondition: there is a worker.
  func choice(of hellos: [Hello], within most: Numerics) -> Numerics {
    precondition(!hellos.isEmpty)
    var precision = most.precision
    if choosesPrecision {
      let common = Self.preferredPrecisions.first { precision in
        hellos.allSatisfy { $0.precisions.contains(precision) }
      }
      // Without a common one, those that cannot do the plainest are refused.
      precision = common ?? .f32
    }
    var instructionSet = most.instructionSet
    if choosesInstructionSet {
      for hello in hellos { instructionSet = min(instructionSet, hello.instructionSet) }
    }
    return Numerics(
      precision: precision, kernelTable: most.kernelTable, instructionSet: instructionSet,
      forwardBatch: most.forwardBatch)
  }

  /// Whether an arithmetic may have been chosen here.
  func allows(_ numerics: Numerics, within most: Numerics) -> Bool {
    let isPrecisionAllowed = choosesPrecision || numerics.precision == most.precision
    let isSetAllowed =
      choosesInstructionSet
      ? numerics.instructionSet <= most.instructionSet
      : numerics.instructionSet == most.instructionSet
    return isPrecisionAllowed && isSetAllowed && numerics.kernelTable == most.kernelTable
      && numerics.forwardBatch == most.forwardBatch
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

  /// Returns the most able arithmetic within `most` that all of them can compute in.
  ///
  /// - Precondition: a worker has come.
  package func choice(within most: Numerics) -> Numerics {
    window.choice(of: all.map(\.hello), within: most)
  }
}
