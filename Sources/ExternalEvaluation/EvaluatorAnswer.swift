import ModelFiles
import SparsityCore

/// A line that a program has written.
package enum EvaluatorAnswer: Hashable, Sendable {
  /// The program knows the run and can evaluate; it says what it is.
  case ready(Backend)
  /// What it has measured: the packed bits of the correct images, their losses, and costs.
  case result(id: Int, correct: [UInt8], losses: [Double]?, costs: MeasuredCosts)
  /// A result of an evaluation that is none, and why.
  case unusable(id: Int, EvaluatorFault)
  /// So many images are done.
  case progress(id: Int, images: Int)
  /// It could not evaluate, and why.
  case error(id: Int, diagnostic: String)
}

/// What is wrong with a line of a program.
package enum EvaluatorFault: Error, Hashable {
  case notJSON(JSONFault)
  case notAnObject(kind: String)
  case missing(key: String)
  case wrong(key: String, found: String, expected: String)
}

extension EvaluatorFault: CustomStringConvertible {
  /// The diagnostic.
  package var description: String {
    switch self {
    case .notJSON(let fault): "\(fault)"
    case .notAnObject(let kind): "it is \(kind), not an object"
    case .missing(let key): "the key \"\(key)\" is missing"
    case .wrong(let key, let found, let expected): "\(key) is \(found), not \(expected)"
    }
  }
}

extension EvaluatorAnswer {
  /// The longest diagnostic that is taken over.
  private static let diagnosticSizeMax = 1_000

  /// Reads a line.
  package init(line: [UInt8]) throws(EvaluatorFault) {
    let value: JSONValue
    do throws(JSONFault) {
      value = try JSONParser.parse(line)
    } catch {
      throw .notJSON(error)
    }
    guard case .object(let members) = value else { throw .notAnObject(kind: value.kind) }
    switch try Self.text("type", of: members) {
    case "ready":
      self = .ready(
        Backend(
          name: try Self.term("name", of: members), version: try Self.term("version", of: members)))
    case "result":
      let id = try Self.count("id", of: members)
      do throws(EvaluatorFault) {
        self = .result(
          id: id, correct: try Self.bytes("correct", of: members),
          losses: try Self.losses(of: members), costs: try Self.costs(of: members))
      } catch {
        self = .unusable(id: id, error)
      }
    case "progress":
      self = .progress(
        id: try Self.count("id", of: members), images: try Self.count("images", of: members))
    case "error":
      let diagnostic = try Self.text("message", of: members)
      self = .error(
        id: try Self.count("id", of: members),
        diagnostic: String(diagnostic.prefix(Self.diagnosticSizeMax)).withControlsWrittenOut)
    case let other:
      throw .wrong(
        key: "type", found: JSONValue.string(other).excerpt,
        expected: "ready, result, progress or error")
    }
  }

  private static func member(
    _ key: String, of members: [String: JSONValue]
  ) throws(EvaluatorFault) -> JSONValue {
    guard let value = members[key] else { throw .missing(key: key) }
    return value
  }

  private static func text(
    _ key: String, of members: [String: JSONValue]
  ) throws(EvaluatorFault) -> String {
    let value = try member(key, of: members)
    guard case .string(let text) = value else {
      throw .wrong(key: key, found: value.excerpt, expected: "a string")
    }
    return text
  }

  private static func term(
    _ key: String, of members: [String: JSONValue]
  ) throws(EvaluatorFault) -> String {
    let text = try text(key, of: members)
    guard Numerics.isTerm(text) else {
      throw .wrong(
        key: key, found: JSONValue.string(text).excerpt, expected: Numerics.termDescription)
    }
    return text
  }

  private static func count(
    _ key: String, of members: [String: JSONValue]
  ) throws(EvaluatorFault) -> Int {
    let value = try member(key, of: members)
    guard case .integer(let count) = value, count >= 0 else {
      throw .wrong(key: key, found: value.excerpt, expected: "a number from 0 on")
    }
    return count
  }

  private static func bytes(
    _ key: String, of members: [String: JSONValue]
  ) throws(EvaluatorFault) -> [UInt8] {
    let text = Array(try text(key, of: members).utf8)
    let digits = text.map { Character(UnicodeScalar($0)).hexDigitValue }
    guard text.count.isMultiple(of: 2), !digits.contains(nil) else {
      let found = JSONValue.string(String(decoding: text.prefix(80), as: UTF8.self)).excerpt
      throw .wrong(key: key, found: found, expected: "two hexadecimal digits a byte")
    }
    let values = digits.compactMap(\.self)
    return stride(from: 0, to: values.count, by: 2).map { UInt8(values[$0] << 4 | values[$0 + 1]) }
  }

  /// The key of a measured quantity.
  static func costKey(of quantity: Objective) -> String {
    switch quantity.quantity {
    case .latency: "latencySeconds"
    case .energy: "energyJoules"
    case .accuracy, .throughput, .weightBytes, .macs:
      preconditionFailure("\(quantity) is not measured")
    }
  }

  /// Reads costs; keys that are not known are left to the program.
  private static func costs(
    of members: [String: JSONValue]
  ) throws(EvaluatorFault) -> MeasuredCosts {
    var costs = MeasuredCosts()
    switch members["costs"] {
    case nil, .null: return costs
    case .object(let values):
      for quantity in MeasuredCosts.measurable {
        let key = costKey(of: quantity)
        let value: Double
        switch values[key] {
        case nil, .null: continue
        case .integer(let number): value = Double(number)
        case .number(let number): value = number
        case .some(let other):
          throw .wrong(key: "costs.\(key)", found: other.excerpt, expected: "a positive number")
        }
        guard MeasuredCosts.isCost(value) else {
          throw .wrong(key: "costs.\(key)", found: "\(value)", expected: "a positive number")
        }
        costs[quantity] = value
      }
      return costs
    case .some(let other):
      throw .wrong(key: "costs", found: other.excerpt, expected: "an object")
    }
  }

  private static func losses(
    of members: [String: JSONValue]
  ) throws(EvaluatorFault) -> [Double]? {
    switch members["losses"] {
    case nil, .null: return nil
    case .array(let values):
      var losses: [Double] = []
      losses.reserveCapacity(values.count)
      for value in values {
        switch value {
        case .integer(let loss): losses.append(Double(loss))
        case .number(let loss): losses.append(loss)
        default: throw .wrong(key: "losses", found: value.excerpt, expected: "numbers")
        }
      }
      return losses
    case .some(let other):
      throw .wrong(key: "losses", found: other.excerpt, expected: "an array of numbers")
    }
  }
}
