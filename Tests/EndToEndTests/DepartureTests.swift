import Foundation
import Testing
import TestSupport

/// Workers whose time is bounded from outside.
@Suite(.serialized, .timeLimit(.minutes(20))) struct DepartureTests {
  /// Seconds from now in which a worker can compute a little before it prepares to leave.
  private static let lifeSeconds = 35.0

  @Test func `workers leave before their time ends, by option and by Slurm's word`() throws {
    let run = try DigitsRun(evaluations: 20_000)
    let coordinator = try run.startCoordinator()
    let steady = try run.startWorker("steady")
    let end = Date(timeIntervalSinceNow: Self.lifeSeconds)
    let told = try run.startWorker(
      "told", arguments: ["--end-time", end.formatted(.iso8601)])
    let slurm = try Program.start(
      run.workerArguments("slurm"),
      environment: ["SLURM_JOB_END_TIME": "\(Int(end.timeIntervalSince1970))"])
    for (name, worker) in [("told", told), ("slurm", slurm)] {
      let ending = worker.ending()
      #expect(ending.status == 10, "\(ending.errors)")
      #expect(Date() < end, "\(name) has outlived its time")
      #expect(ending.errors.contains("the time is nearly over"), "\(ending.errors)")
      #expect(run.computed(by: name).count > 0)
      try run.waitUntilLogged("worker \(name) left: the time of the worker is over")
      #expect(try run.logged("worker \(name) is lost") == nil)
    }
    let atDeparture = run.computed(by: "steady").count
    try waitUntil("the run goes on") { run.computed(by: "steady").count > atDeparture + 3 }
    #expect(try Program.run(["drain", run.directory.path]).status == 0)
    _ = coordinator.ending()
    #expect(steady.ending().status == 10)
    let all = ["told", "slurm", "steady"].flatMap { run.computed(by: $0) }
    #expect(Set(all) == (try run.journaled()), "nothing that was computed is thrown away")
    #expect(all.count == Set(all).count, "nothing was computed twice")
  }

  @Test(arguments: ["soon", "2026-13-01T00:00:00Z", "-5"])
  func `a time that is none is refused with a diagnostic`(time: String) throws {
    let ending = try Program.run([
      "worker", "--connect", "tcp://127.0.0.1:9", "--insecure-plain-text", "--end-time", time,
    ])
    #expect(ending.status == 2)
    #expect(ending.errors.contains("--end-time"), "\(ending.errors)")
  }

  @Test func `a word of Slurm that is no time is named`() throws {
    let ending = try Program.run(
      ["worker", "--connect", "tcp://127.0.0.1:9", "--insecure-plain-text"],
      environment: ["SLURM_JOB_END_TIME": "tomorrow"])
    #expect(ending.status != 0)
    #expect(ending.errors.contains("SLURM_JOB_END_TIME is \"tomorrow\""), "\(ending.errors)")
  }
}
