import SparsityCore
import Testing
import WireProtocol

struct OperatorMessageTests {
  static var status: RunStatus {
    var status = RunStatus()
    status.progress.evaluationCount = 310
    status.progress.evaluationCountMax = 1_000
    status.activity.proposalCount = 340
    status.activity.pendingShardCount = 5
    status.activity.leasedShardCount = 64
    status.activity.waitingRecordCount = 2
    status.activity.slotCount = 32
    status.progress.frontCount = 17
    status.progress.hypervolume = 1234.5
    status.progress.objectives = [.accuracy, Objective(.energy, on: "b")]
    status.progress.referencePoint = [0, -2.5]
    status.activity.isStorageFailing = true
    status.activity.storageDiagnostic = "no room left"
    status.activity.isDraining = true
    status.progress.isFinished = true
    status.activity.uptimeMilliseconds = 86_400_000
    status.activity.evaluationsPerSecond = 0.75
    status.disk.journalBytes = 1 << 33
    status.disk.freeBytes = 1 << 40
    status.activity.workerCount = 2
    status.activity.workers = [
      WorkerStatus(
        label: "node07/4711", session: "0123456789abcdef", slots: 4, leases: 8, results: 250,
        imagesPerSecond: 31.5, silentMilliseconds: 900, imagesDone: 120, imagesLeased: 400,
        keyName: "node07")
    ]
    status.progress.quarantinedCount = 1
    status.progress.quarantined = [
      QuarantinedCandidate(candidate: 12, diagnostic: "it killed three workers")
    ]
    for (index, count) in CoordinatorActivity.countNames.enumerated() {
      status.activity[keyPath: count.path] = index + 1
    }
    status.progress.numerics = "bf16/kernels-2/avx2/batch-4"
    status.progress.bankArithmetic = "f32/kernels-2/avx2"
    status.activity.applicantCount = 3
    status.activity.term = Term(4)
    status.activity.remainingMilliseconds = 5_400_000
    status.activity.departures = [
      Departure(
        kind: .lost, label: "node08/1", diagnostic: "silent for 15 s", millisecondsAgo: 70_000)
    ]
    status.activity.unknownPeers = [
      UnknownPeer(
        address: "10.0.0.9", diagnostic: "its key is not allowed", count: 7, millisecondsAgo: 5)
    ]
    return status
  }

  static let messages: [OperatorMessage] = [
    .statusRequest(workerCountMax: 100), .status(status), .drainRequest(worker: nil),
    .drainRequest(worker: "node07/4711"),
    .answer(isDone: true, diagnostic: "two workers will leave"),
  ]

  private static func frame(_ message: OperatorMessage) -> [UInt8] {
    Envelope(run: RunID(7), term: Term(3), sequence: 0, message: .operation(message)).encoded()
  }

  @Test(arguments: messages)
  func `a message comes back as it was sent`(message: OperatorMessage) throws {
    #expect(try Envelope(decoding: Self.frame(message)).message == .operation(message))
  }

  @Test func `the kinds stay within their range`() {
    let kinds = Self.messages.map { Message.operation($0).kind }
    #expect(Set(kinds) == [30, 31, 32, 33])
    #expect(kinds.allSatisfy(OperatorMessage.kinds.contains))
    #expect(Set(Self.messages.map(\.name)).count == 4)
  }

  @Test(arguments: messages)
  func `every beginning and every change of one byte is decoded or refused`(
    message: OperatorMessage
  ) throws {
    let frame = Self.frame(message)
    for count in 0..<frame.count {
      #expect(throws: WireError.self) { try Envelope(decoding: Array(frame.prefix(count))) }
    }
    for index in frame.indices {
      for value in UInt8.min...UInt8.max where value != frame[index] {
        var spoilt = frame
        spoilt[index] = value
        guard let decoded = try? Envelope(decoding: spoilt) else { continue }
        #expect(try Envelope(decoding: decoded.encoded()) == decoded)
      }
    }
  }

  @Test func `the largest status fits into a frame`() throws {
    var status = Self.status
    let long = String(repeating: "😀", count: 4_096)
    status.activity.workers = (0..<5_000).map { number in
      WorkerStatus(
        label: long, session: "0123456789abcdef", slots: number, leases: .max, results: .max,
        imagesPerSecond: 1, silentMilliseconds: .max, imagesDone: .max, imagesLeased: .max,
        keyName: long)
    }
    status.progress.quarantined = (0..<100).map {
      QuarantinedCandidate(candidate: $0, diagnostic: long)
    }
    status.activity.departures = (0..<100).map {
      Departure(kind: .refused, label: long, diagnostic: long, millisecondsAgo: $0)
    }
    status.activity.unknownPeers = (0..<100).map {
      UnknownPeer(address: long, diagnostic: long, count: .max, millisecondsAgo: $0)
    }
    let frame = Self.frame(.status(status))
    #expect(frame.count <= WireLimits.frameSizeMax)
    guard case .operation(.status(let read)) = try Envelope(decoding: frame).message else {
      Issue.record("not a status")
      return
    }
    #expect(read.activity.workers.count == RunStatus.workerCountMax)
    #expect(read.activity.workers[0].label.utf8.count == WireLimits.labelSizeMax)
  }

  @Test func `more workers than are ever listed are not asked for`() throws {
    let frame = Self.frame(.statusRequest(workerCountMax: .max))
    let expected = OperatorMessage.statusRequest(workerCountMax: RunStatus.workerCountMax)
    #expect(try Envelope(decoding: frame).message == .operation(expected))
  }

  @Test func `a kind of a newer version is unknown`() throws {
    var frame = Self.frame(.drainRequest(worker: nil))
    frame[6] = 39
    #expect(try Envelope(decoding: frame).message == .unknown(kind: 39))
  }
}
