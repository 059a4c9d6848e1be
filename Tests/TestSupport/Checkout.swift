import Foundation

/// The checkout that the tests belong to.
package enum Checkout {
  /// The package's root folder.
  package static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// The demo's folder: a small model of digits, its configuration and its images.
  package static let demoData = "\(root)/Sources/CDemoData/data"

  /// The folder of committed files that several targets test with.
  package static let fixtures = "\(root)/Tests/Fixtures"
}
