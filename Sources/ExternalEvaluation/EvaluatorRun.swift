import Coordination
import ModelFiles
import SparsityCore
import WireProtocol

/// What a program is told about the run before it is asked to evaluate anything.
package struct EvaluatorRun: Hashable, Sendable {
  /// The version of the messages.
  package static let version = 1

  /// The checkpoint; `nil` where the run lists its decisions.
  package var model: String?
  /// The checkpoint's `config.json`.
  package var configuration: String?
  /// The packed search set; `nil` where only the program reads the images.
  package var data: String?
  /// The weight bank, where one is stored.
  package var bank: String?
  /// What the run says.
  package var description: RunDescription

  package init(
    model: String?, configuration: String?, data: String?, bank: String?,
    description: RunDescription
  ) {
    self.model = model
    self.configuration = configuration
    self.data = data
    self.bank = bank
    self.description = description
  }

  /// The message, without the end of the line.
  package var line: String {
    let decisions = description.space.decisions.map { decision in
      let choices = decision.choices.map { JSONValue.quoted("\($0)") }.joined(separator: ",")
      return "{\"name\":\(JSONValue.quoted(decision.name)),"
        + "\"kind\":\(JSONValue.quoted(decision.kind.rawValue)),\"choices\":[\(choices)]}"
    }
    let members = [
      "\"type\":\"run\"", "\"version\":\(Self.version)",
      "\"model\":\(Self.quoted(model))",
      "\"configuration\":\(Self.quoted(configuration))",
      "\"data\":\(Self.quoted(data))",
      "\"bank\":\(Self.quoted(bank))",
      "\"pruning\":\(Self.quoted(model == nil ? nil : description.criterion))",
      "\"precision\":\(Self.quoted(precision))",
      "\"accelerator\":\(Self.quoted(model == nil ? nil : description.accelerator))",
      "\"batch\":\(description.acceleratorBatch)",
      "\"measured\":[\(measured)]",
      "\"images\":\(description.imageCount)",
      "\"decisions\":[\(decisions.joined(separator: ","))]",
      "\"seed\":\(description.shuffleSeed)",
    ]
    return "{\(members.joined(separator: ","))}"
  }

  private static func quoted(_ text: String?) -> String { text.map(JSONValue.quoted) ?? "null" }

  /// The keys of ``EvaluatorAnswer/result(id:correct:losses:costs:)`` that the run wants.
  private var measured: String {
    description.measuredCosts.map { JSONValue.quoted(EvaluatorAnswer.costKey(of: $0)) }
      .joined(separator: ",")
  }

  /// The number format, where the run asks for one.
  private var precision: String? { description.numerics.options[Precision.optionName] }
}

/// An evaluation that a program is asked for.
package struct EvaluatorRequest: Hashable, Sendable {
  /// The choice of each decision, by its name, in the order of the run's decisions.
  package var genome: [(name: String, choice: String)] {
    zip(decisions, genes).map { ($0.name, "\($0.choices[Int($1)])") }
  }

  private let decisions: [Decision]
  private let genes: [UInt8]
  /// The images, as indices into the search set.
  package let images: [Int]

  /// Creates a request.
  ///
  /// - Precondition: the genome lies in the space.
  package init(_ genome: Genome, in space: SearchSpace, images: [Int]) {
    precondition(space.contains(genome))
    decisions = space.decisions
    genes = genome.genes
    self.images = images
  }

  /// The message under an identity, without the end of the line.
  package func line(id: Int) -> String {
    let genome = genome.map { "\(JSONValue.quoted($0)):\(JSONValue.quoted($1))" }
    return "{\"type\":\"evaluate\",\"id\":\(id),\"genome\":{\(genome.joined(separator: ","))},"
      + "\"images\":[\(images.map(String.init).joined(separator: ","))]}"
  }

  /// The message that an evaluation is not wanted any more, without the end of the line.
  package static func cancelLine(id: Int) -> String { "{\"type\":\"cancel\",\"id\":\(id)}" }
}
