import SparsityCore

/// A file or folder that a run reads: where to look for it, and what it must contain.
package struct RunInput: Hashable, Sendable {
  /// The path on a shared file system; a hint, never trusted.
  package let path: String
  package let content: ContentHash

  /// Creates the description of an input.
  package init(path: String, content: ContentHash) {
    self.path = path
    self.content = content
  }
}

/// Everything that a worker must know to compute the results of a run.
package struct RunDescription: Hashable, Sendable {
  /// The identity of the run.
  package var run: RunID
  /// The checkpoint; `nil` where the run file lists the decisions.
  package var model: RunInput?
  /// The checkpoint's `config.json`; `nil` without one.
  package var configuration: RunInput?
  /// The search set; `nil` where only evaluators read the images.
  package var data: RunInput?
  /// The images of the search set.
  package var imageCount: Int
  /// The weight bank.
  package var bank: BankSource
  /// The pruning criterion, as in `magnitude`.
  package var criterion: String
  /// What genomes decide about.
  package var space: SearchSpace
  /// The arithmetic that results are computed in.
  package var numerics: Numerics
  /// The accelerator profile, as the program names it.
  package var accelerator: String
  /// The images of one batch on the accelerator.
  package var acceleratorBatch: Int
  /// What objectives call that accelerator; `nil` where it is the only one.
  package var acceleratorName: String?
  /// The other accelerators whose costs count, in the order of their costs.
  package var otherAccelerators: [RunAccelerator] = []
  /// What the search improves, in the order of objective vectors.
  package var objectives: [Objective]
  /// The names of the integers that a worker reports as a candidate's cost, in their order.
  package var costNames: [String]
  /// The quantities that evaluators measure, among ``SparsityCore/MeasuredCosts/measurable``.
  package var measuredCosts: [Objective] = []
  /// The seed of the shuffle that slices are taken of.
  package var shuffleSeed: UInt64
  /// The images of a shard; the last shard of a candidate may hold fewer.
  package var shardSize: Int
  /// Further settings by name, such as how images are resized; sorted when sent.
  package var parameters: [String: String]

  package init(
    run: RunID, model: RunInput?, configuration: RunInput?, data: RunInput?, imageCount: Int,
    bank: BankSource, criterion: String, space: SearchSpace, numerics: Numerics,
    accelerator: String, acceleratorBatch: Int, objectives: [Objective], costNames: [String],
    shuffleSeed: UInt64, shardSize: Int, parameters: [String: String] = [:]
  ) {
    precondition(imageCount > 0)
    precondition(acceleratorBatch > 0)
    precondition(shardSize > 0)
    self.run = run
    self.model = model
    self.configuration = configuration
    self.data = data
    self.imageCount = imageCount
    self.bank = bank
    self.criterion = criterion
    self.space = space
    self.numerics = numerics
    self.accelerator = accelerator
    self.acceleratorBatch = acceleratorBatch
    self.objectives = objectives
    self.costNames = costNames
    self.shuffleSeed = shuffleSeed
    self.shardSize = shardSize
    self.parameters = parameters
  }

  /// All accelerators whose costs count, each with its profile unless that is a built-in one.
  package var accelerators: [(accelerator: RunAccelerator, text: String?)] {
    let first = RunAccelerator(
      name: acceleratorName, profile: accelerator, batch: acceleratorBatch)
    return ([first] + otherAccelerators).enumerated().map { place, accelerator in
      (accelerator, text(of: .accelerator(place)))
    }
  }

  /// Whether an objective follows from what is measured.
  package func measures(_ objective: Objective) -> Bool {
    measuredCosts.contains(objective == .throughput ? .latency : objective)
  }

  /// Whether costs are measured as the run wants it.
  package func measures(_ costs: MeasuredCosts) -> Bool {
    MeasuredCosts.measurable.allSatisfy { (costs[$0] != nil) == measuredCosts.contains($0) }
  }

  /// The slices of the shuffled search set, one for each shard of a candidate.
  package var slices: [ImageSlice] {
    ImageSlice.slices(imageCount: imageCount, shardSize: shardSize)
  }

  /// Returns the names of the fields in which a description of the same run must not differ.
  ///
  /// Paths may differ: files may have moved, their content may not.
  package func differences(from other: RunDescription) -> [String] {
    let fields: [(String, Bool)] = [
      ("run", run == other.run),
      ("model", model?.content == other.model?.content),
      ("configuration", configuration?.content == other.configuration?.content),
      ("data", data?.content == other.data?.content),
      ("imageCount", imageCount == other.imageCount),
      ("bank", bank == other.bank),
      ("criterion", criterion == other.criterion),
      ("decisions", space == other.space),
      ("numerics", numerics == other.numerics),
      ("accelerator", accelerator == other.accelerator),
      ("acceleratorBatch", acceleratorBatch == other.acceleratorBatch),
      ("acceleratorName", acceleratorName == other.acceleratorName),
      ("otherAccelerators", otherAccelerators == other.otherAccelerators),
      ("objectives", objectives == other.objectives),
      ("costNames", costNames == other.costNames),
      ("measuredCosts", measuredCosts == other.measuredCosts),
      ("shuffleSeed", shuffleSeed == other.shuffleSeed),
      ("shardSize", shardSize == other.shardSize),
      ("parameters", parameters == other.parameters),
    ]
    return fields.filter { !$0.1 }.map(\.0)
  }
}
