import AcceleratorModel
import ArgumentParser
import Foundation
import RunFiles

/// Which accelerator a cost is meant for.
struct AcceleratorOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A built-in profile (see elsa accelerators list), or the path of one in YAML or JSON.",
      valueName: "name|file"))
  var accelerator = "systolic32"

  @Option(help: ArgumentHelp("Another size of a systolic array, as in 16x16.", valueName: "RxC"))
  var array: String?

  @Option(help: ArgumentHelp("Another dataflow of a systolic array: ws, is, os or best."))
  var dataflow: String?

  func validate() throws {
    if let array, SizeList(array, count: 2) == nil {
      throw ValidationError("--array is \"\(array)\"; write rows x columns, as in 16x16.")
    }
    if let dataflow, ArrayDataflow(rawValue: dataflow) == nil {
      throw ValidationError("--dataflow is \"\(dataflow)\"; write ws, is, os or best.")
    }
  }

  /// Returns the profile with what the options change.
  func profile() throws -> AcceleratorProfile {
    let sizes = array.flatMap { SizeList($0, count: 2) }?.sizes
    return try AcceleratorFile.profile(accelerator).overriding(
      rows: sizes?[0], columns: sizes?[1], dataflow: dataflow.flatMap(ArrayDataflow.init))
  }
}

/// Positive sizes written with an x between them, as in `197x384x1152`.
struct SizeList {
  /// The sizes in order.
  let sizes: [Int]

  /// Reads `count` sizes, or returns `nil`.
  init?(_ text: String, count: Int) {
    let parts = text.split(separator: "x", omittingEmptySubsequences: false)
    let sizes = parts.compactMap { Int($0) }.filter { $0 > 0 }
    guard sizes.count == count, sizes.map(String.init).joined(separator: "x") == text else {
      return nil
    }
    self.sizes = sizes
  }
}
