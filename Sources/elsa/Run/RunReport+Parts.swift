import Foundation
import RunStorage
import WireProtocol

extension RunReport {
  /// A worker that is not there any more.
  struct Departed: Encodable {
    let label: String
    /// `left`, `lost` or `refused`.
    let how: String
    let words: String
    let secondsAgo: Double

    init(_ departure: Departure) {
      label = departure.label
      how = "\(departure.kind)"
      words = departure.words
      secondsAgo = Double(departure.millisecondsAgo) / 1_000
    }
  }

  /// An address from which something came that is nobody's of the run.
  struct UnknownPeer: Encodable {
    let address: String
    let words: String
    let count: Int
    let secondsAgo: Double

    init(_ peer: WireProtocol.UnknownPeer) {
      address = peer.address
      words = peer.words
      count = peer.count
      secondsAgo = Double(peer.millisecondsAgo) / 1_000
    }
  }

  /// What a coordinator does before it can be reached.
  struct Preparing: Encodable {
    let what: String
    let done: Int
    let total: Int
    let seconds: Double

    init(_ preparation: Preparation) {
      what = preparation.what
      done = preparation.done
      total = preparation.total
      seconds = max(0, Date().timeIntervalSince(preparation.startedAt))
    }

    /// What is done, in words.
    var words: String {
      "preparing for \(NumberFormat.time(seconds)): \(what)"
        + (total > 0 ? ", \(done) of \(total)" : "")
    }
  }
}

/// What can be said of a coordinator that has not answered.
enum Silence {
  /// It prepares the run.
  case preparing(RunReport.Preparing)
  /// It holds the run and does not answer, or may do so on a machine that cannot be looked at.
  case notAnswering(since: Date?, holder: String)
  /// There is none.
  case absent

  /// Whether there is no coordinator.
  var isAbsent: Bool {
    if case .absent = self { true } else { false }
  }

  /// Looks at a run directory.
  ///
  /// - Parameter answeredAt: When the coordinator has last answered, if it has.
  init(in directory: RunDirectory, answeredAt: Date?) throws {
    if let holder = try directory.lockHolder() {
      if let preparation = Preparation.read(in: directory) {
        self = .preparing(RunReport.Preparing(preparation))
      } else {
        self = .notAnswering(since: answeredAt ?? Self.lastSign(in: directory), holder: holder)
      }
      return
    }
    guard let file = try? ConnectionFile(path: directory.connectionFilePath),
      file.host != ProcessInfo.processInfo.hostName
    else {
      self = .absent
      return
    }
    // Locks are not seen from other machines on every file system.
    self = .notAnswering(
      since: answeredAt ?? Self.lastSign(in: directory),
      holder: "process \(file.processID) on \(file.host), as far as can be told from here")
  }

  /// When the coordinator has last written something.
  private static func lastSign(in directory: RunDirectory) -> Date? {
    let paths = [
      directory.logPath, directory.journalPath, directory.journalPath + "-wal",
      directory.connectionFilePath,
    ]
    return paths.compactMap { path in
      (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
    }.max()
  }
}
