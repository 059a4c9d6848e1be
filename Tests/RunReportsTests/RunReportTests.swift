import Foundation
import RunReports
import SparsityCore
import Testing
import WireProtocol

struct RunReportTests {
  private static let day = Date(timeIntervalSince1970: 1_700_000_000)

  /// A status in which everything says something.
  private static var status: RunStatus {
    var status = RunStatus()
    status.progress.evaluationCount = 310
    status.progress.evaluationCountMax = 1_000
    status.progress.frontCount = 17
    status.progress.hypervolume = 1234.5
    status.progress.objectives = [.accuracy, Objective(.throughput, on: "edge")]
    status.progress.referencePoint = [-0.5, -1200]
    status.progress.quarantinedCount = 1
    status.progress.quarantined = [
      QuarantinedCandidate(candidate: 12, diagnostic: "it killed three")
    ]
    status.progress.numerics = "bf16/kernels-2/avx2/batch-4"
    status.progress.bankArithmetic = "f32/kernels-2/avx2"
    status.activity.term = Term(4)
    status.activity.uptimeMilliseconds = 3_605_000
    status.activity.evaluationsPerSecond = 0.75
    status.activity.remainingMilliseconds = 920_000
    status.activity.proposalCount = 340
    status.activity.pendingShardCount = 5
    status.activity.leasedShardCount = 64
    status.activity.waitingRecordCount = 2
    status.activity.workerCount = 1
    status.activity.slotCount = 4
    status.activity.workers = [
      WorkerStatus(
        label: "node07/4711", session: "01234567", slots: 4, leases: 8, results: 250,
        imagesPerSecond: 31.5, silentMilliseconds: 900, imagesDone: 120, imagesLeased: 400,
        keyName: "node07")
    ]
    status.activity.departures = [
      Departure(
        kind: .lost, label: "node08/1", diagnostic: "silent for 15 s", millisecondsAgo: 70_000),
      Departure(kind: .left, label: "node09/1", diagnostic: "drained", millisecondsAgo: 10_000),
    ]
    status.activity.unknownPeers = [
      UnknownPeer(
        address: "10.0.0.9", diagnostic: "its key is not allowed", count: 7, millisecondsAgo: 5_000)
    ]
    status.activity.counters.lostWorkers = 3
    status.activity.counters.disagreements = 1
    status.activity.transport.refusedConnections = 2
    status.activity.transport.notAllowed = 1
    status.disk = DiskUse(journalBytes: 1 << 20, freeBytes: 1 << 30)
    return status
  }

  private static func json(_ report: RunReport) throws -> [String: Any] {
    let data = try JSONEncoder().encode(report)
    return try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
  }

  // MARK: JSON

  @Test func `the JSON of a coordinator that works has the names that scripts rely on`() throws {
    var report = RunReport(Self.status)
    report.addresses = ["tcp://host:5555"]
    let json = try Self.json(report)
    #expect(
      Set(json.keys) == [
        "state", "addresses", "numerics", "bankArithmetic", "restarts", "evaluations",
        "evaluationsMax", "evaluationsPerSecond", "secondsLeft", "uptimeSeconds", "proposals",
        "pendingShards", "leasedShards", "waitingRecords", "workers", "slots", "workerList",
        "front", "hypervolume", "referencePoint", "quarantined", "quarantinedList", "departed",
        "unknownPeers",
        "counters", "journalBytes", "freeDiskBytes",
      ])
    #expect(json["state"] as? String == "running")
    #expect(json["evaluations"] as? Int == 310)
    #expect(json["evaluationsMax"] as? Int == 1_000)
    #expect(json["evaluationsPerSecond"] as? Double == 0.75)
    #expect(json["secondsLeft"] as? Double == 920)
    #expect(json["uptimeSeconds"] as? Double == 3_605)
    #expect(json["restarts"] as? Int == 3)
    #expect(json["proposals"] as? Int == 340)
    #expect(json["pendingShards"] as? Int == 5)
    #expect(json["leasedShards"] as? Int == 64)
    #expect(json["waitingRecords"] as? Int == 2)
    #expect(json["workers"] as? Int == 1)
    #expect(json["slots"] as? Int == 4)
    #expect(json["front"] as? Int == 17)
    #expect(json["hypervolume"] as? Double == 1234.5)
    #expect(
      json["referencePoint"] as? [String: Double] == ["accuracy": 0.5, "throughput@edge": 1200])
    #expect(json["quarantined"] as? Int == 1)
    #expect(json["journalBytes"] as? Int == 1 << 20)
    #expect(json["freeDiskBytes"] as? Int == 1 << 30)
    #expect(json["numerics"] as? String == "bf16/kernels-2/avx2/batch-4")
    #expect(json["bankArithmetic"] as? String == "f32/kernels-2/avx2")
  }

  @Test func `the parts of the JSON have the names that scripts rely on`() throws {
    let json = try Self.json(RunReport(Self.status))
    let worker = try #require((json["workerList"] as? [[String: Any]])?.first)
    #expect(
      Set(worker.keys) == [
        "label", "session", "slots", "leases", "results", "imagesPerSecond", "silentSeconds",
        "imagesDone", "imagesLeased", "key",
      ])
    #expect(worker["silentSeconds"] as? Double == 0.9)
    #expect(worker["key"] as? String == "node07")
    let departed = try #require(json["departed"] as? [[String: Any]])
    #expect(departed.map { $0["how"] as? String } == ["lost", "left"])
    #expect(Set(departed[0].keys) == ["label", "how", "reason", "secondsAgo"])
    #expect(departed[0]["secondsAgo"] as? Double == 70)
    let unknown = try #require((json["unknownPeers"] as? [[String: Any]])?.first)
    #expect(Set(unknown.keys) == ["address", "reason", "count", "secondsAgo"])
    let quarantined = try #require((json["quarantinedList"] as? [[String: Any]])?.first)
    #expect(quarantined["candidate"] as? Int == 12)
    #expect(quarantined["reason"] as? String == "it killed three")
  }

  @Test func `every count has its name`() throws {
    let json = try Self.json(RunReport(Self.status))
    let counters = try #require(json["counters"] as? [String: Int])
    #expect(counters["lostWorkers"] == 3)
    #expect(counters["refusedConnections"] == 2)
    #expect(counters["revokedKeyMessages"] == 1)
    #expect(counters["failedWrites"] == 0)
    let names = CoordinatorActivity.countNames.map(\.name)
    #expect(Set(names).count == names.count)
    #expect(Set(counters.keys) == Set(names))
  }

  @Test func `what is not known is absent`() throws {
    var status = Self.status
    status.progress.numerics = nil
    status.progress.bankArithmetic = nil
    status.activity.remainingMilliseconds = nil
    status.activity.workers[0].keyName = ""
    status.activity.applicantCount = 2
    let json = try Self.json(RunReport(status))
    for name in ["numerics", "bankArithmetic", "secondsLeft", "pausedBecause", "runFile"] {
      #expect(json[name] == nil, "\(name)")
    }
    #expect(json["waitingWorkers"] as? Int == 2)
    let worker = try #require((json["workerList"] as? [[String: Any]])?.first)
    #expect(worker["key"] == nil)
  }

  @Test func `of a coordinator that does not answer only that is told`() throws {
    let report = RunReport(since: Self.day)
    let json = try Self.json(report)
    #expect(
      Set(json.keys) == [
        "state", "notAnsweringSince", "evaluations", "evaluationsMax", "front", "hypervolume",
        "quarantined", "quarantinedList", "journalBytes", "freeDiskBytes",
      ])
    #expect(json["state"] as? String == "notAnswering")
    #expect(json["notAnsweringSince"] as? String == "2023-11-14T22:13:20Z")
    #expect(report.lines[0] == "state        not answering since 2023-11-14T22:13:20Z")
  }

  // MARK: Text

  @Test func `the text of a coordinator that works is this`() {
    var report = RunReport(Self.status)
    report.runFile = "/runs/a/run.yaml"
    report.addresses = ["tcp://host:5555"]
    #expect(
      report.lines == [
        "state        running for 1:00:05",
        "run file     /runs/a/run.yaml",
        "addresses    tcp://host:5555",
        "numerics     bf16/kernels-2/avx2/batch-4, weights calibrated in f32/kernels-2/avx2",
        "restarts     3",
        "evaluations  310 of 1000 (31.0 %), 0.75/s, 15:20 left",
        "front        17 members, hypervolume 1234.5 (reference point accuracy 0.5, "
          + "throughput@edge 1200)",
        "workers      1 with 4 slots; 64 shards leased, 5 waiting",
        "quarantined  1 candidate",
        "  candidate 12: it killed three",
        "failures     3 workers lost, 0 leases expired, 0 evaluations failed, 0 writes failed",
        "refused      0 workers, 3 unknown peers, 0 malformed frames",
        "SICK NODE    1 result unlike earlier ones",
        "  node08/1 was lost 1:10 ago: silent for 15 s",
        "  node09/1 has left 0:10 ago: drained",
        "  unknown peer 10.0.0.9, 7 times, the last 0:05 ago: its key is not allowed",
        "disk         journal 1.0 MiB, 1.0 GiB free",
        "",
        "worker       key     slots  leases  results  images/s a slot         running  last heard",
        "───────────  ──────  ─────  ──────  ───────  ───────────────  ──────────────  ──────────",
        "node07/4711  node07      4       8      250             31.5  120/400 images   0.9 s ago",
      ])
  }

  @Test func `a run that does not get on says why`() {
    var status = Self.status
    status.activity.workerCount = 0
    #expect(RunReport(status).lines[0].hasSuffix("; no worker is there"))
    status.progress.numerics = nil
    status.activity.applicantCount = 2
    #expect(
      RunReport(status).lines[0].hasSuffix(
        "; it waits for workers to choose its arithmetic (2 so far)"))
  }

  @Test func `a full disk comes before a drain, and the end before both`() throws {
    var status = Self.status
    status.activity.isDraining = true
    #expect(RunReport(status).state == .draining)
    #expect(RunReport(status).lines[0].hasPrefix("state        draining: no new leases"))
    status.activity.isStorageFailing = true
    status.activity.storageDiagnostic = "no room left"
    let paused = RunReport(status)
    #expect(paused.state == .paused)
    #expect(paused.lines[0] == "state        PAUSED: no room left")
    #expect(try Self.json(paused)["pausedBecause"] as? String == "no room left")
    #expect(!paused.lines.contains { $0.contains("left") && $0.hasPrefix("evaluations") })
    status.progress.isFinished = true
    #expect(RunReport(status).state == .finished)
    #expect(RunReport(status).lines[0] == "state        finished")
  }
}
