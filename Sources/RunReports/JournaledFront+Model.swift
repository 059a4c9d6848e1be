import Evaluation
import Foundation
import Pruning
import RunFiles
import RunPreparation
import RunStorage
import SparsityCore
import TextReports

extension JournaledFront {
  /// Returns the checkpoint of the run.
  ///
  /// - Throws: ``TextReports/ExplainedError`` if the file has other content than the run was
  ///   started with.
  package func model(_ runFile: RunFile) throws -> LoadedModel {
    guard let network = runFile.subject.network else {
      throw ExplainedError(
        "the run in \(directory.path) has no model: its decisions are listed",
        nextStep: "take the choices of a point from elsa front --json")
    }
    let isKept = FileManager.default.fileExists(atPath: directory.model)
    let model = try LoadedModel(
      ModelSource(
        path: isKept ? directory.model : network.model.weights,
        configurationPath: directory.configuration, prefix: isKept ? nil : network.model.prefix))
    guard model.contentHash == description.model?.content else {
      throw ExplainedError(
        "\(network.model.weights) is not the checkpoint of this run any more",
        nextStep: "put the original back")
    }
    return model
  }

  /// Returns the weight bank of the run.
  ///
  /// - Throws: ``TextReports/ExplainedError`` if it is not the one that the run was started with.
  package func bank(of model: LoadedModel, threads: Int) throws -> WeightBank {
    guard let criterion = PruningCriterion(rawValue: description.criterion) else {
      throw ExplainedError("this version cannot prune by \(description.criterion)")
    }
    let bank = try model.runBank(
      from: description.bank, space: space, criterion: criterion, path: directory.bank,
      threads: threads)
    guard bank.contentHash == description.bank.content else {
      throw ExplainedError(
        "\(directory.bank) is not the weight bank of this run any more",
        nextStep: "put the original back")
    }
    return bank
  }

  /// Returns the point at a place of the front, from 1.
  package func point(at place: Int) throws -> FrontReport.Point {
    guard front.points.indices.contains(place - 1) else {
      throw ExplainedError(
        "the front of \(directory.path) has \(counted(front.points.count, "point")), no point "
          + "\(place)",
        nextStep: "see: elsa front \(directory.path)")
    }
    return front.points[place - 1]
  }

  /// Returns the genome of a point.
  package func genome(of point: FrontReport.Point) throws -> Genome {
    let choices = space.decisions.compactMap { decision in
      point.genome.decisions[decision.name].flatMap { Choice($0, kind: decision.kind) }
    }
    guard let genome = space.genome(choosing: choices) else {
      throw ExplainedError("candidate #\(point.candidate) is not of this run's search space")
    }
    return genome
  }

  /// What there is to say of held-out sets while the front's members are not measured on them.
  package var heldOutSummary: String? {
    get throws {
      let runFile = try RunFile(path: directory.runFile)
      guard !front.points.isEmpty else { return nil }
      guard !runFile.heldOutSets.isEmpty else {
        return "no test set: accuracy is that of the images which the search has seen"
      }
      let unknown = runFile.heldOutSets.filter { set in
        front.points.contains { $0[keyPath: set.accuracy] == nil }
      }
      guard !unknown.isEmpty else { return nil }
      let names = unknown.map { "\($0.rawValue) set (\(runFile.source(of: $0) ?? ""))" }
      return "\(names.joined(separator: " and ")): not measured yet; measure it with elsa front "
        + "\(directory.path) --test"
    }
  }
}
