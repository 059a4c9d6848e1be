import AcceleratorModel
import Evaluation
import Foundation
import ImageData
import ModelFiles
import ProcessLimits
import Pruning
import RunFiles
import RunStorage
import SparsityCore
import TextReports
import WireProtocol

/// Looks at all that a run file names, one thing after the other; nothing is written.
package struct RunCheck {
  private let runFile: RunFile
  private let threads: Int
  private var plan: RunPlan?
  private var surveys: [(role: String, survey: ImageSurvey)] = []
  private let observer: WorkObserver
  package private(set) var report = CheckReport()
  /// What a coordinator would end with that was started instead: the first failure decides.
  package private(set) var firstFailure: (any Error)?

  /// Begins with a run file that was read, with absolute paths.
  package init(runFile: RunFile, threads: Int, observer: WorkObserver) {
    self.runFile = runFile
    self.threads = threads
    self.observer = observer
    report("run file", "every key is known and has a possible value")
  }

  private mutating func report(_ check: String, _ found: String) {
    report.findings.append(Finding(check: check, found: found, level: .fine, fix: nil))
  }

  private mutating func warn(_ check: String, _ found: String, fix: String) {
    report.findings.append(Finding(check: check, found: found, level: .warning, fix: fix))
  }

  private mutating func fail(_ check: String, _ error: any Error) {
    let failure = error as? ExplainedError
    if firstFailure == nil { firstFailure = error }
    report.findings.append(
      Finding(
        check: check, found: failure?.message ?? "\(error)", level: .failing,
        fix: failure?.nextStep))
  }

  // MARK: Model, accelerator, constraints

  /// Reads the model and the accelerator and looks whether a genome can meet the constraints.
  package mutating func checkPlan() {
    do {
      let plan = try RunPlan(runFile)
      self.plan = plan
      if let planned = plan.network { report(planned, costs: plan.costs) }
      if let listed = runFile.subject.listed {
        let names = ListedDecisions.names(of: listed.quantities)
        report(
          "decisions",
          "\(counted(listed.decisions.count, "decision")), costs: "
            + (names.isEmpty ? "none listed" : names.joined(separator: ", ")))
      }
      if let measured = runFile.measured {
        report(
          "costs",
          "\(ListedDecisions.names(of: measured.quantities).joined(separator: " and ")) measured, "
            + "\(counted(measured.repetitions, "time")) at least")
      }
      if let needed = plan.neededChoices {
        warn(
          "patterns", needed.diagnostic,
          fix: "leave out what buys nothing, or choose another accelerator")
      } else if let planned = plan.network {
        report("patterns", planned.subject.patterns.description)
      }
      if !runFile.constraintTexts.isEmpty {
        report("constraints", runFile.constraintTexts.joined(separator: ", "))
      }
    } catch {
      fail(error.subject.rawValue, error.reason)
    }
  }

  private mutating func report(_ planned: PlannedNetwork, costs: GenomeCosts) {
    let network = planned.network
    planned.model.notifications.forEach { observer.notified("\(planned.model.path): \($0)") }
    report(
      "model",
      "\(planned.model.path): \(counted(network.blocks.count, "block")), "
        + "\(counted(network.prunableLayers.count, "layer")) to prune, "
        + "\(counted(network.classes, "class", plural: "classes"))")
    for (profile, costs) in zip(planned.profiles, costs.all) {
      let dense = costs.denseCost.value(of: .throughput).map {
        ": dense \(NumberFormat.fixed($0, 1)) images/s"
      }
      let name = costs.name.map { $0 == profile.name ? "" : " (\($0))" }
      report(
        "accelerator",
        "\(profile.name)\(name ?? ""), batch \(costs.denseCost.batch)\(dense ?? "")")
    }
  }

  // MARK: Images

  /// The images that evaluations are timed with, about.
  private static let sampleCount = 64

  /// Decodes every image as the run would.
  package mutating func checkImages() {
    if case .counted(let count) = runFile.data.images, plan != nil {
      report("search", "\(counted(count, "image")), which the evaluator reads")
    }
    guard let network = plan?.network else { return }
    let preprocessing = RunImagePacker.preprocessing(of: network.model, runFile)
    switch runFile.data.images {
    case .sets(let search, let heldOut):
      survey("search", search, preprocessing)
      for set in HeldOutSet.allCases {
        if let source = heldOut[set] { survey(set.rawValue, source, preprocessing) }
      }
    case .split(let images, let search, let heldOut, _):
      survey("images", images, preprocessing)
      let wanted = heldOut.values.reduce(search, +)
      if let count = surveys.last?.survey.count, count < wanted {
        fail(
          "split",
          ExplainedError(
            "the split wants \(counted(wanted, "image")) of \(count)",
            nextStep: "lower one of its parts under data.split"))
      }
    case .counted: break
    }
    if let calibration = runFile.data.calibration {
      survey("calibration", calibration, network.model.configuration.preprocessing)
    }
    checkDisjoint()
  }

  private mutating func survey(_ role: String, _ path: String, _ preprocessing: Preprocessing) {
    guard let planned = plan?.network else { return }
    do {
      let usesLabels = role != "calibration"
      let survey = try observer.observing(
        "Reading the \(role) images, \(path).", unit: "\(role) images decoded"
      ) { progress in
        try surveyImages(
          path: path, preprocessing: preprocessing,
          classes: usesLabels ? RunImagePacker.classes(of: planned.model, runFile) : nil,
          threads: threads, sampleCount: Self.sampleCount, progress: progress)
      }
      if usesLabels {
        try survey.checkFits(planned.network)
      } else {
        try survey.sample.checkSize(planned.network.input)
      }
      ImageSource(path, survey).assumptions.forEach(observer.notified)
      surveys.append((role, survey))
      report.images.append(
        CheckReport.Images(
          role: role, path: path, images: survey.count, broken: survey.broken.count,
          bytes: survey.pixelBytes))
      let found = "\(path): \(counted(survey.count, "image"))"
      guard !survey.broken.isEmpty else { return report(role, found) }
      let diagnostic = found + ", \(survey.broken.count) broken, the first: \(survey.broken[0])"
      if runFile.data.skipsBroken {
        warn(role, diagnostic, fix: "they will be left out, as skipBroken says")
      } else {
        fail(role, ExplainedError(diagnostic, nextStep: "repair them, or write skipBroken: true"))
      }
    } catch {
      fail(role, error)
    }
  }

  /// Compares the pixels of all sets with each other.
  private mutating func checkDisjoint() {
    for (index, first) in surveys.enumerated() {
      let hashes = Set(first.survey.pixelHashes)
      for second in surveys[(index + 1)...] {
        let shared = second.survey.pixelHashes.count { hashes.contains($0) }
        guard shared > 0 else { continue }
        let diagnostic =
          "\(counted(shared, "image")) of the \(second.role) set "
          + "\(shared == 1 ? "is" : "are") also in the \(first.role) set"
        if second.role == "test", runFile.data.allowsOverlap {
          warn("overlap", diagnostic, fix: "allowOverlap says that you know it")
        } else {
          fail(
            "overlap", ExplainedError(diagnostic, nextStep: "remove them from one of the two"))
        }
      }
    }
  }

  // MARK: Time and memory

  /// Times a few evaluations with one thread, each of another random genome.
  package mutating func measure(slots: Int?) {
    // Not even times are measured on the test set; nor is known what a program from outside takes.
    guard runFile.evaluator == nil, let plan, let network = plan.network,
      let images = searchImages
    else { return }
    do {
      let numerics = InferenceNumerics.best(
        for: network.network,
        precision: runFile.precision ?? InferenceNumerics.usualPrecision,
        instructionSet: runFile.instructionSet)
      let (rates, use) = try ResourceUse.measuring {
        try Self.rates(of: plan, network.model, on: images.sample, numerics: numerics)
      }
      let searchCount: Int
      switch runFile.data.images {
      case .sets: searchCount = images.count
      case .split(_, let search, _, _): searchCount = search
      case .counted(let count): searchCount = count
      }
      let imageBytes = images.sample.imageSize.pixelCount
      report.memory = CheckReport.Memory(
        workerBytes: use.peakMemoryBytes, searchImageBytes: searchCount * imageBytes)
      report.packedBytes = packedImageCount * imageBytes
      report.forecast = forecast(
        rates: rates, searchCount: searchCount, slots: slots, numerics: numerics)
    } catch {
      fail("evaluation", error)
    }
  }

  /// The images that the search sees.
  private var searchImages: ImageSurvey? {
    surveys.first { ["search", "images"].contains($0.role) }?.survey
  }

  /// The images that a run packs into its directory.
  private var packedImageCount: Int {
    switch runFile.data.images {
    case .split(_, let search, let heldOut, _): heldOut.values.reduce(search, +)
    case .sets:
      surveys.filter { $0.role != "calibration" && !$0.survey.isPacked }
        .reduce(0) { $0 + $1.survey.count }
    case .counted: 0
    }
  }

  /// Returns the images a second of evaluations with one thread.
  ///
  /// The weights are pruned by magnitude, whatever the run does: that takes no time, and how fast a
  /// genome is depends on its patterns alone.
  private static func rates(
    of plan: RunPlan, _ model: LoadedModel, on images: ImageSet, numerics: InferenceNumerics
  ) throws -> [Double] {
    let bank = try model.weightBank(space: plan.space, threads: 1)
    let evaluator = try Evaluator(
      model: model, bank: bank, images: images, numerics: numerics, threads: 1)
    var generator = SeededGenerator(seed: plan.runFile.search.seed)
    let indices = Array(0..<images.count)
    let clock = ContinuousClock()
    let start = clock.now
    var rates: [Double] = []
    // The first evaluation warms up caches and is not counted.
    for round in 0..<evaluationCountMax + 1 {
      let genome = Genome(
        genes: plan.space.choiceCounts.map { UInt8(generator.index(below: $0)) })
      let began = clock.now
      _ = try evaluator.evaluate(genome: genome, imageIndices: indices)
      if round > 0 { rates.append(Double(indices.count) / ((clock.now - began) / .seconds(1))) }
      if rates.count >= 3, clock.now - start > .seconds(10) { break }
    }
    return rates
  }

  /// The evaluations that are timed at most; at least three, and no more after ten seconds.
  private static let evaluationCountMax = 12

  private func forecast(
    rates: [Double], searchCount: Int, slots: Int?, numerics: InferenceNumerics
  ) -> CheckReport.Forecast {
    let sorted = rates.sorted()
    let median = sorted[sorted.count / 2]
    let work = runFile.search.evaluations * searchCount
    let shards = (searchCount + runFile.shardImages - 1) / runFile.shardImages
    let slotsMax = runFile.search.window.map { $0 * shards }
    let cores = AllowedProcessors.current.count
    let counts = Set([1, cores, 8, 64] + (slots.map { [$0] } ?? []))
    return CheckReport.Forecast(
      imagesPerSecondPerSlot: median, slowestImagesPerSecond: sorted[0],
      fastestImagesPerSecond: sorted[sorted.count - 1], timedEvaluations: rates.count,
      imageEvaluations: work, slotsMax: slotsMax,
      hours: counts.sorted().map { count in
        CheckReport.Forecast.Hours(
          slots: count,
          hours: Double(work) / (median * Double(min(count, slotsMax ?? count)) * 3600))
      },
      numerics: numerics.description)
  }

  // MARK: Where the run goes

  /// Looks whether a run can be kept in a folder.
  package mutating func checkDirectory(_ directory: RunDirectory) {
    guard !directory.holdsRun else {
      do {
        _ = try RunContinuation(with: runFile, from: nil, in: directory)
        report("run directory", "\(directory.path) holds this run, which would go on")
      } catch {
        fail("run directory", error)
      }
      return
    }
    let folder = RunDirectory.existingFolder(of: directory.path)
    guard FileManager.default.isWritableFile(atPath: folder) else {
      return fail(
        "run directory",
        ExplainedError(
          "no permission to write into \(folder)", nextStep: "choose a folder of your own"))
    }
    let disk = DiskUse(of: RunDirectory(path: folder))
    guard disk.freeBytes > report.packedBytes + (64 << 20) else {
      return fail(
        "run directory",
        ExplainedError(
          "\(NumberFormat.bytes(disk.freeBytes)) free for \(directory.path), "
            + "\(NumberFormat.bytes(report.packedBytes)) needed for packed images alone",
          nextStep: "free some space"))
    }
    let found = "\(directory.path), \(NumberFormat.bytes(disk.freeBytes)) free"
    let kind = MountTable.fileSystem(of: folder) ?? "unknown"
    guard !MountTable.isNetwork(kind) else {
      return warn(
        "run directory", "\(found), on \(kind)",
        fix: "\(kind) can damage a journal; keep run directories on the coordinator's own disk")
    }
    report("run directory", found)
  }

  /// Looks at something else; `look` says what it is like, or throws what is wrong.
  package mutating func check(_ name: String, _ look: () throws -> String) {
    do {
      report(name, try look())
    } catch {
      fail(name, error)
    }
  }
}
