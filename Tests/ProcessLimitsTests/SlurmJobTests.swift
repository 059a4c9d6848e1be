import Foundation
import ProcessLimits
import Testing

struct SlurmJobTests {
  private static let record = """
    JobId=42 JobName=elsa
       UserId=ann(1000) GroupId=ann(1000) MCS_label=N/A
       StartTime=2026-11-28T18:00:00 EndTime=2026-11-28T20:30:00 Deadline=N/A
       NodeList=node[01-04]

    """

  private static func end(
    _ environment: [String: String], _ answers: [String: String] = [:]
  ) throws -> SlurmJob.End? {
    try SlurmJob(environment: environment)?.end { tool, _ in answers[tool] }
  }

  /// A time in this machine's zone.
  private static func local(
    _ year: Int, _ month: Int, _ day: Int, _ hour: Int, _ minute: Int, _ second: Int
  ) throws -> Date {
    var calendar = Calendar(identifier: .gregorian)
    calendar.timeZone = .current
    return try #require(
      calendar.date(
        from: DateComponents(
          year: year, month: month, day: day, hour: hour, minute: minute, second: second)))
  }

  @Test func `outside of a job there is none`() throws {
    #expect(try Self.end([:]) == nil)
    #expect(try Self.end(["SLURM_JOB_ID": "", "SLURM_JOB_END_TIME": ""]) == nil)
  }

  @Test func `the variable comes first and needs no tool`() throws {
    let end = try Self.end(
      ["SLURM_JOB_END_TIME": "1795888200", "SLURM_JOB_ID": "42"], ["scontrol": Self.record])
    #expect(
      end == .at(Date(timeIntervalSince1970: 1_795_888_200), source: "SLURM_JOB_END_TIME"))
  }

  @Test func `without the variable scontrol knows, in local time`() throws {
    let end = try Self.end(["SLURM_JOB_ID": "42"], ["scontrol": Self.record, "squeue": "NONE\n"])
    #expect(end == .at(try Self.local(2026, 11, 28, 20, 30, 0), source: "scontrol show job 42"))
  }

  @Test(arguments: [nil, "", "slurm_load_jobs error: Invalid job id specified", "EndTime=soon"])
  func `without scontrol squeue knows`(answer: String?) throws {
    var answers = ["squeue": "2026-11-28T20:30:00\n"]
    answers["scontrol"] = answer
    let end = try Self.end(["SLURM_JOB_ID": "42"], answers)
    #expect(end == .at(try Self.local(2026, 11, 28, 20, 30, 0), source: "squeue -h -j 42 -o %e"))
  }

  @Test(arguments: ["Unknown", "NONE", "N/A"])
  func `a job without an end is known to have none`(word: String) throws {
    let end = try Self.end(["SLURM_JOB_ID": "42"], ["scontrol": "JobId=42 EndTime=\(word) X=1"])
    #expect(end == .never(source: "scontrol show job 42"))
    let variable = try Self.end(["SLURM_JOB_END_TIME": "18446744073709551615"])
    #expect(variable == .never(source: "SLURM_JOB_END_TIME"))
  }

  @Test func `where nobody knows, that is said`() throws {
    guard case .unknown(let reason) = try Self.end(["SLURM_JOB_ID": "42"]) else {
      Issue.record("an end is known")
      return
    }
    #expect(reason.contains("SLURM_JOB_END_TIME is not set"))
    #expect(reason.contains("job 42"))
  }

  @Test func `a variable that is no number is refused`() {
    #expect(
      throws: SlurmJob.InvalidVariable(name: "SLURM_JOB_END_TIME", value: "tomorrow")
    ) { try Self.end(["SLURM_JOB_END_TIME": "tomorrow"]) }
  }

  @Test func `a time without a zone is this machine's`() throws {
    #expect(LocalTime.date("2026-01-31T23:59:58") == (try Self.local(2026, 1, 31, 23, 59, 58)))
    #expect(LocalTime.date("2026-07-01T00:00") == (try Self.local(2026, 7, 1, 0, 0, 0)))
    #expect(
      LocalTime.date("2026-11-21T17:10:00Z") == Date(timeIntervalSince1970: 1_795_281_000))
  }

  @Test(arguments: [
    "", "T", "2026-11-31T10:00:00", "2026-13-01T10:00:00", "2026-11-21", "2026-11-21T25:00:00",
    "2026-11-21T10", "2026-11-21T10:61:00", "x-11-21T10:00:00", "2026-11-21T10:00:00:00", "soon",
  ])
  func `what is no time is none`(text: String) {
    #expect(LocalTime.date(text) == nil)
  }
}
