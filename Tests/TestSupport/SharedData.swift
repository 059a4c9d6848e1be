import Foundation
import Testing

/// Real models and images, which are too large to be committed or not ours.
package enum SharedData {
  /// Their folder: what `ELSA_SHARED_DATA` names, or `shared/data` beside the checkout.
  package static let folder =
    ProcessInfo.processInfo.environment["ELSA_SHARED_DATA"] ?? "\(Checkout.root)/../shared/data"

  /// Returns the path of a file or folder among them.
  package static func path(_ name: String) -> String { "\(folder)/\(name)" }

  fileprivate static func holds(_ names: [String]) -> Bool {
    names.allSatisfy { FileManager.default.fileExists(atPath: path($0)) }
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips a test, visibly, unless all of these files or folders are among the shared data.
  package static func needsSharedData(_ names: String...) -> Self {
    // The words name the variable: `cluster/local/test --all` excuses only skips that do.
    .enabled(
      if: SharedData.holds(names),
      "needs \(names.joined(separator: " and ")) in the shared data (ELSA_SHARED_DATA)")
  }
}
