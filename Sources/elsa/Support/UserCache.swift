import Foundation
import RunPreparation

/// The folder for what may be computed or fetched again, as the XDG base directory specification
/// has it.
enum UserCache {
  /// The program's folder in the user's cache.
  static var folder: String {
    // The specification has relative paths ignored.
    if let base = ProcessInfo.processInfo.environment["XDG_CACHE_HOME"], base.hasPrefix("/") {
      return "\(base)/elsa"
    }
    return absolutePath("\(NSHomeDirectory())/.cache/elsa")
  }
}
