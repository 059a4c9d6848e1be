import SparsityCore

/// What an operator's tools and the coordinator say to each other: kinds 30 to 39.
public enum OperatorMessage: Hashable, Sendable {
  /// Asks how the run is doing, with at most so many workers listed.
  case statusRequest(workerCountMax: Int)
  /// Says how the run is doing.
  case status(RunStatus)
  /// Asks one worker to finish and leave, by label or session; or all, after which the
  /// coordinator ends.
  case drainRequest(worker: String?)
  /// Asks for everything that a key has delivered to be measured again, by the key's name.
  case discardRequest(keyName: String)
  /// Says whether a request was carried out.
  case answer(isDone: Bool, words: String)

  /// The kinds of these messages.
  public static let kinds: ClosedRange<UInt16> = 30...39

  /// The name of the message's kind in the specification.
  public var name: String {
    switch self {
    case .statusRequest: "STATUS_REQUEST"
    case .status: "STATUS"
    case .drainRequest: "DRAIN_REQUEST"
    case .discardRequest: "DISCARD_REQUEST"
    case .answer: "ANSWER"
    }
  }

  /// The number of the message's kind.
  var kind: UInt16 {
    switch self {
    case .statusRequest: 30
    case .status: 31
    case .drainRequest: 32
    case .answer: 33
    case .discardRequest: 34
    }
  }
}

/// How a run is doing, for the person who looks after it.
public struct RunStatus: Hashable, Sendable {
  /// Candidates told to the search.
  public var evaluationCount = 0
  /// The evaluations that the run may take.
  public var evaluationCountMax = 0
  /// Candidates asked for so far.
  public var birthCount = 0
  /// Shards that wait for a worker.
  public var pendingShardCount = 0
  /// Shards that are leased.
  public var leasedShardCount = 0
  /// Records that wait for the disk.
  public var waitingRecordCount = 0
  /// The slots of all workers.
  public var slotCount = 0
  /// Individuals on the front.
  public var frontCount = 0
  /// The hypervolume of the front up to ``referencePoint``.
  public var hypervolume = 0.0
  /// The minimised objectives up to which the hypervolume is measured.
  public var referencePoint: [Double] = []
  /// Whether the journal cannot be written and nothing new is leased.
  public var isStorageFailing = false
  /// What the disk last complained about.
  public var storageWords = ""
  /// Whether the coordinator was asked to end.
  public var isDraining = false
  /// Whether everything is evaluated.
  public var isFinished = false
  /// How long the coordinator has been running.
  public var uptimeMilliseconds = 0
  /// The evaluations a second of the last minute.
  public var evaluationsPerSecond = 0.0
  /// The size of the journal.
  public var journalBytes = 0
  /// The room left on the journal's disk.
  public var freeDiskBytes = 0
  /// The workers, listed or not.
  public var workerCount = 0
  /// The workers, by label; not more than were asked for.
  public var workers: [WorkerStatus] = []
  /// Candidates given up.
  public var quarantinedCount = 0
  /// The candidates that were given up last, since the coordinator started.
  public var quarantined: [QuarantinedCandidate] = []
  /// What was counted since the coordinator started.
  public var counters: [StatusCounter] = []
  /// The arithmetic that results are computed in; empty until it is chosen.
  public var numerics = ""
  /// The arithmetic that the weights were calibrated in; empty where nothing was.
  public var bankArithmetic = ""
  /// The workers that wait until the arithmetic is chosen.
  public var applicantCount = 0
  /// The coordinator's epoch.
  public var epoch = Epoch.none
  /// How long the rest of the evaluations takes, if that can be told.
  public var remainingMilliseconds: Int?
  /// The workers that have gone last.
  public var departures: [Departure] = []
  /// Where messages came from that are nobody's of the run.
  public var unknownPeers: [UnknownPeer] = []

  /// Creates the status of a run without anything.
  public init() {}

  /// The most workers that a status lists.
  public static let workerCountMax = 1_000
  /// The most given-up candidates that a status lists.
  public static let quarantinedCountMax = 20
  /// The most departures that a status lists.
  public static let departureCountMax = 20
  /// The most unknown peers that a status lists.
  public static let unknownPeerCountMax = 20
}

/// A worker that is not there any more, and why.
public struct Departure: Hashable, Sendable {
  /// How a session ends.
  public enum Kind: UInt8, CaseIterable, Hashable, Sendable {
    /// The worker has said farewell.
    case left = 1
    /// It fell silent.
    case lost = 2
    /// The coordinator does not let it take part.
    case refused = 3
  }

  /// How the session has ended.
  public var kind: Kind
  /// The worker's name for people.
  public var label: String
  /// Why.
  public var words: String
  /// The time since.
  public var millisecondsAgo: Int

  /// Creates an entry.
  public init(kind: Kind, label: String, words: String, millisecondsAgo: Int) {
    self.kind = kind
    self.label = label
    self.words = words
    self.millisecondsAgo = millisecondsAgo
  }
}

/// An address from which something came that is of no worker and no operator of the run.
public struct UnknownPeer: Hashable, Sendable {
  /// The address.
  public var address: String
  /// What was wrong last.
  public var words: String
  /// How often something came.
  public var count: Int
  /// The time since the last of it.
  public var millisecondsAgo: Int

  /// The characters of an address; no true one has more.
  public static let addressLengthMax = 64

  /// Creates an entry.
  public init(address: String, words: String, count: Int, millisecondsAgo: Int) {
    self.address = address
    self.words = words
    self.count = count
    self.millisecondsAgo = millisecondsAgo
  }
}

/// How a worker is doing.
public struct WorkerStatus: Hashable, Sendable {
  /// The worker's name for people.
  public var label: String
  /// The second half of the session's identity, as 8 hexadecimal digits.
  public var session: String
  /// The evaluations that it runs at once.
  public var slots: Int
  /// The leases that it holds.
  public var leases: Int
  /// The results that it has sent since the coordinator started.
  public var results: Int
  /// The images that one slot works off in a second, while it evaluates.
  public var imagesPerSecond: Double
  /// The time since it was last heard.
  public var silentMilliseconds: Int
  /// The images that are done in the shards that it runs.
  public var imagesDone: Int
  /// The images of these shards.
  public var imagesLeased: Int
  /// The name of the key that has opened the session; empty without encryption.
  public var keyName: String

  /// Creates the status of a worker.
  public init(
    label: String, session: String, slots: Int, leases: Int, results: Int,
    imagesPerSecond: Double, silentMilliseconds: Int, imagesDone: Int, imagesLeased: Int,
    keyName: String
  ) {
    self.label = label
    self.session = session
    self.slots = slots
    self.leases = leases
    self.results = results
    self.imagesPerSecond = imagesPerSecond
    self.silentMilliseconds = silentMilliseconds
    self.imagesDone = imagesDone
    self.imagesLeased = imagesLeased
    self.keyName = keyName
  }
}

/// A candidate that was given up.
public struct QuarantinedCandidate: Hashable, Sendable {
  /// The candidate's birth number.
  public var candidate: Int
  /// Why it was given up.
  public var words: String

  /// Creates an entry.
  public init(candidate: Int, words: String) {
    self.candidate = candidate
    self.words = words
  }
}

/// Something that was counted, with its name in reports.
public struct StatusCounter: Hashable, Sendable {
  /// The name, as in `lostWorkers`.
  public var name: String
  /// The count.
  public var count: Int

  /// Creates a counter.
  public init(_ name: String, _ count: Int) {
    self.name = name
    self.count = count
  }
}
