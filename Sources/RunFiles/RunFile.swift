import EvolutionarySearch
import SparsityCore

/// What a search is to do: model, data, space, objectives and budget, as a person wrote it.
///
/// Paths are as in the file; relative ones are meant from the file's own folder.
package struct RunFile: Hashable, Sendable {
  /// The checkpoint to start from.
  package struct Model: Hashable, Sendable {
    /// The safetensors file, or a folder with `model.safetensors` and `config.json`.
    package var weights: String
    /// The configuration, unless it lies beside the weights.
    package var config: String?
    /// The model's name in timm, in the place of a configuration.
    package var architecture: String?
    /// Which of several models of a checkpoint, by what its tensors' names begin with.
    package var prefix: String?
  }

  /// Where the images come from.
  package enum Images: Hashable, Sendable {
    /// Separate sets.
    case sets(search: String, heldOut: [HeldOutSet: String])
    /// One set, split by a seeded shuffle; no part is empty.
    case split(images: String, search: Int, heldOut: [HeldOutSet: Int], seed: UInt64)
    /// So many images that only an evaluator from outside can read.
    case counted(Int)
  }

  /// How images become the sets of a run.
  package struct Data: Hashable, Sendable {
    /// The source of the images.
    package var images: Images
    /// The source of the images that pruning is calibrated with, if it needs some.
    package var calibration: String?
    /// Whether images are resized as the model's configuration says (`true`) or only cropped.
    package var isResized: Bool
    /// The file that says which outputs class folders stand for, if one is named.
    package var classMap: String?
    /// Whether search and test sets may share images.
    package var allowsOverlap: Bool
    /// Whether images that cannot be decoded are left out instead of ending the run.
    package var skipsBroken: Bool
  }

  /// How weights are chosen for a pattern.
  package enum Pruning: String, CaseIterable, Hashable, Sendable {
    /// The largest magnitudes of each group.
    case magnitude
    /// Magnitude, on a checkpoint trained as a supernet.
    case supernet
    /// Magnitude times the norm of the input, measured on calibration images.
    case wanda
    /// SparseGPT, with the Hessian of the calibration images.
    case sparsegpt
    /// Masks and weights that reconstruct each layer's outputs on the calibration images.
    case reconstruction

    /// Whether calibration images are needed.
    package var needsCalibration: Bool {
      switch self {
      case .magnitude, .supernet: false
      case .wanda, .sparsegpt, .reconstruction: true
      }
    }
  }

  /// In which order the search is told about results.
  package enum Mode: String, CaseIterable, Hashable, Sendable {
    /// As they come.
    case asynchronous
    /// In the order of proposal, so that the workers make no difference to what is found.
    case strict
  }

  /// How the search runs.
  package struct Search: Hashable, Sendable {
    /// The method.
    package var algorithm: SearchAlgorithmName
    /// Whether `nsga2` replaces its population by generations.
    package var isGenerational: Bool
    /// The individuals kept from one step to the next.
    package var population: Int
    /// The candidates evaluated before the search ends.
    package var evaluations: Int
    /// The seed of everything random.
    package var seed: UInt64
    /// Whether choices that a denser pattern of no higher cost makes needless are left out.
    package var dropsDominated: Bool
    /// In which order the search is told about results.
    package var mode: Mode
    /// The candidates between proposal and telling, in strict mode only.
    package var window: Int?
    /// The run directories of earlier searches whose results a new one may expect again, about.
    package var warmStart: [String]
  }

  /// What is decided about, and what it costs.
  package var subject: Subject
  /// The images.
  package var data: Data
  /// What evaluators measure of the costs; `nil` if all are computed.
  package var measured: Measured?
  /// What is improved; the accuracy is always among them.
  package var objectives: [Objective]
  /// What every candidate must satisfy.
  package var constraints: [CostConstraint]
  /// The accuracy that every candidate must have; `nil` if any will do.
  package var accuracyBound: AccuracyBound?
  /// Up to where the hypervolume is measured, as far as the file says so.
  package var referencePoint: [Objective: CostConstraint.Limit]
  /// How the search runs.
  package var search: Search
  /// The images of one shard.
  package var shardImages: Int
  /// Whether the evaluation of a candidate ends as soon as the front is better beyond doubt.
  package var stopsEarly: Bool
  /// The number format of the evaluation; `nil` leaves it to the first workers.
  package var precision: Precision?
  /// The instructions that workers are held to; `nil` leaves them to the first workers.
  package var instructionSet: InstructionSet?
  /// The program from outside that measures accuracy; `nil` stands for Elsa's own inference.
  package var evaluator: Evaluator?
}

extension RunFile {
  /// The most bytes that are read of a run file, a profile or a table of measurements.
  package static let sizeMax = 4 << 20

  /// Reads the text of a run file; `file` names it in errors.
  ///
  /// - Throws: ``RunFileError`` with line and column for anything that is unknown or impossible.
  package init(yaml text: String, file: String) throws(RunFileError) {
    let root = try YAMLValue.document(text, file: file)
    let sections = try root.mapping(
      keys: NetworkSubject.keys + ListedDecisions.keys + [
        "data", "objectives", "constraints", RunFile.referencePointKey, "search", "fidelity",
        "evaluator",
        Precision.optionName, InstructionSet.optionName,
      ])
    self.subject = try Subject(sections, root: root)
    guard let data = sections["data"] else { throw root.missing("data") }
    self.data = try Data(data)
    try subject.check(self.data, section: data)
    self.measured = try sections["costs"].flatMap { value throws(RunFileError) in
      try Measured(value)
    }
    let accelerators = subject.acceleratorNames
    self.objectives = try Self.objectives(sections["objectives"], on: accelerators)
    self.constraints = try Self.constraints(sections["constraints"], on: accelerators)
    self.accuracyBound = try Self.accuracyBound(sections["constraints"])
    self.referencePoint = try Self.referencePoint(
      sections[Self.referencePointKey], of: objectives, measured: measured)
    self.search = try Search(sections["search"], isListed: subject.listed != nil)
    (self.shardImages, self.stopsEarly) = try Self.fidelity(
      sections["fidelity"], isMeasured: measured != nil)
    self.precision = try sections[Precision.optionName]?.choice(Precision.self)
    self.instructionSet = try sections[InstructionSet.optionName]?.choice(InstructionSet.self)
    self.evaluator = nil
    self.evaluator = try Self.evaluator(sections, heldOutSets: heldOutSets)
    if search.mode == .strict, evaluator == nil { try checkArithmetic(of: sections["search"]) }
    try checkCosts(sections, root: root)
  }
}

extension YAMLValue {
  /// Returns the error that a required key is missing here.
  func missing(_ key: String) -> RunFileError {
    error("the key \"\(path.isEmpty ? key : "\(path).\(key)")\" is missing")
  }

  /// Returns the value of `key`, which must be there.
  func required(
    _ key: String, in values: [String: YAMLValue]
  ) throws(RunFileError) -> YAMLValue {
    guard let value = values[key] else { throw missing(key) }
    return value
  }
}
