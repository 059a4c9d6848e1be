import CoordinatorService
import Foundation
import RunStorage
import Testing
import TestSupport
import ZeroMQ

struct AllowedKeysTests {
  private let run = TemporaryRun()
  private var directory: RunDirectory { run.directory }

  private func key(_ role: KeyRole, _ name: String) throws -> KeyFile {
    let pair = try CurveKeyPair.generate()
    return KeyFile(
      role: role, name: name, publicKey: pair.publicKey.z85, secretKey: pair.secret.z85)
  }

  @Test func `the keys of a new run get in, and what was removed stays away`() throws {
    let keys = try RunKeys(in: directory)
    var folder = KeyFolder(of: directory)
    let first = folder.read()
    #expect(first.allowed.workers == [keys.workers.publicKey])
    #expect(first.allowed.operators == [keys.operators.publicKey])
    #expect(first.problems.isEmpty)
    var later = folder.changes()
    #expect(later == nil)
    let shared = directory.keyFolder + "/workers/shared.pub"
    try FileManager.default.removeItem(atPath: shared)
    later = folder.changes()
    #expect(later == nil, "one look is not enough")
    later = folder.changes()
    #expect(try #require(later).allowed.workers.isEmpty)
    _ = try RunKeys(in: directory)
    later = folder.changes()
    #expect(later == nil, "a restart brings no revoked key back")
  }

  @Test func `a key that is added, replaced or damaged is noticed`() throws {
    _ = try RunKeys(in: directory)
    var folder = KeyFolder(of: directory)
    _ = folder.read()
    let worker = try key(.worker, "node07")
    let path = try directory.authorize(worker)
    let addedReading = folder.changes()
    let added = try #require(addedReading)
    #expect(try added.allowed.workers.contains(CurvePublicKey(z85: worker.publicKey)))
    #expect(try KeyFile(path: path).secretKey == nil, "the secret half stays where it is")
    let other = try key(.worker, "node07")
    try directory.authorize(other)
    let replacedReading = folder.changes()
    let replaced = try #require(replacedReading)
    #expect(try replaced.allowed.workers.contains(CurvePublicKey(z85: worker.publicKey)))
    let confirmedReading = folder.changes()
    let confirmed = try #require(confirmedReading)
    #expect(try !confirmed.allowed.workers.contains(CurvePublicKey(z85: worker.publicKey)))
    #expect(try replaced.allowed.workers.contains(CurvePublicKey(z85: other.publicKey)))
    try Data("no key".utf8).write(to: URL(filePath: path))
    let damagedReading = folder.changes()
    let damaged = try #require(damagedReading)
    #expect(damaged.allowed.workers.count == 2)
    let confirmedDamage = folder.read()
    #expect(confirmedDamage.allowed.workers.count == 1)
    #expect(damaged.problems.count == 1)
    #expect(try #require(damaged.problems.first).contains("node07.pub lets nobody in"))
  }

  @Test func `what cannot be read keeps its keys, however often it is tried`() throws {
    let keys = try RunKeys(in: directory)
    let path = try directory.authorize(try key(.worker, "node07"))
    var folder = KeyFolder(of: directory)
    func read() -> KeyFolder.Reading { folder.read() }
    let first = read()
    #expect(first.allowed.workers.count == 2)
    let manager = FileManager.default
    // A folder in place of the file can be opened and not read.
    try manager.moveItem(atPath: path, toPath: path + ".aside")
    try manager.createDirectory(atPath: path, withIntermediateDirectories: false)
    for _ in 0..<4 {
      let reading = read()
      #expect(reading.allowed == first.allowed)
      #expect(try #require(reading.failures.first).contains("node07.pub cannot be read"))
    }
    try manager.removeItem(atPath: path)
    try manager.moveItem(atPath: path + ".aside", toPath: path)
    #expect(read().failures.isEmpty)
    // A file in place of the folder cannot be listed.
    let workers = directory.keyFolder + "/workers"
    try manager.moveItem(atPath: workers, toPath: workers + ".aside")
    try Data().write(to: URL(filePath: workers))
    for _ in 0..<4 {
      let reading = read()
      #expect(reading.allowed == first.allowed)
      #expect(try #require(reading.failures.first).contains("its keys stay as they were"))
    }
    // A folder that is gone was read: nobody is left.
    try manager.removeItem(atPath: workers)
    #expect(read().allowed == first.allowed)
    #expect(read().allowed.workers.isEmpty)
    #expect(read().allowed.operators == [keys.operators.publicKey])
  }

  @Test func `keys that cannot be looked at are not replaced by fresh ones`() throws {
    let keys = try RunKeys(in: directory)
    // A link to itself: something is there, and no look at it succeeds.
    let path = directory.file("keys.json")
    try FileManager.default.moveItem(atPath: path, toPath: path + ".aside")
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: path)
    #expect(throws: CoordinatorServiceError.self) { try RunKeys(in: directory) }
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.moveItem(atPath: path + ".aside", toPath: path)
    #expect(try RunKeys(in: directory) == keys)
  }

  @Test func `an operator's key among the workers' gives no right`() throws {
    _ = try RunKeys(in: directory)
    let wrong = try key(.operator, "ann")
    try wrong.publicPart.write(to: directory.keyFolder + "/workers/ann.pub")
    var folder = KeyFolder(of: directory)
    let reading = folder.read()
    #expect(reading.allowed.workers.count == 1)
    #expect(reading.problems.contains { $0.contains("it is the key of an operator") })
  }

  @Test func `a coordinator takes the key that it is given, and copies nothing of it`() throws {
    let generated = try RunKeys(in: directory)
    let own = try key(.server, "lab")
    let path = directory.file("lab.key")
    try own.write(to: path)
    let given = try RunKeys(in: directory, serverKeyFile: path)
    #expect(given.server.publicKey.z85 == own.publicKey)
    #expect(given.workers == generated.workers)
    #expect(try RunKeys(in: directory, serverKeyFile: path) == given)
    #expect(try RunKeys.operators(in: directory) == given.operators)
    let kept = try String(contentsOfFile: directory.file("keys.json"), encoding: .utf8)
    #expect(!kept.contains(try #require(own.secretKey)))
    #expect(!kept.contains(generated.server.secret.z85))
    // Without the file the run has a key of its own again.
    let fresh = try RunKeys(in: directory)
    #expect(fresh.workers == given.workers && fresh.server != given.server)
    #expect(try RunKeys(in: directory) == fresh)
    try key(.worker, "lab").write(to: path)
    let error = #expect(throws: CoordinatorServiceError.self) {
      try RunKeys(in: directory, serverKeyFile: path)
    }
    #expect("\(try #require(error))".contains("it is the key of a worker"))
  }

  @Test func `keys that were removed stay removed, with their folders, too`() throws {
    let keys = try RunKeys(in: directory)
    let shared = directory.keyFolder + "/workers/shared.pub"
    try FileManager.default.removeItem(atPath: shared)
    #expect(try RunKeys(in: directory) == keys)
    #expect(!FileManager.default.fileExists(atPath: shared))
    try FileManager.default.removeItem(atPath: directory.keyFolder)
    #expect(try RunKeys(in: directory) == keys)
    var folder = KeyFolder(of: directory)
    let allowed = folder.read().allowed
    #expect(allowed.workers.isEmpty && allowed.operators.isEmpty)
    let role = try #require(directory.keyFolder(of: .worker))
    #expect(FileManager.default.fileExists(atPath: role), "there is where to put new ones")
  }

  @Test func `what others can put into a folder of keys lets nobody in`() throws {
    _ = try RunKeys(in: directory)
    var folder = KeyFolder(of: directory)
    let before = folder.read()
    let path = try #require(directory.keyFolder(of: .worker))
    try directory.authorize(try key(.worker, "intruder"))
    try #require(unsafe chmod(path, 0o777) == 0)
    let exposed = folder.read()
    #expect(exposed.allowed == before.allowed)
    #expect(exposed.failures.contains { $0.contains("everybody can write into it") })
    try #require(unsafe chmod(path, 0o700) == 0)
    let mended = folder.read()
    #expect(mended.allowed.workers.count == 2)
  }

  @Test(arguments: [KeyRole.worker, .operator])
  func `a folder of keys that others can write into is refused`(role: KeyRole) throws {
    _ = try RunKeys(in: directory)
    let path = try #require(directory.keyFolder(of: role))
    try #require(unsafe chmod(path, 0o775) == 0)
    let error = #expect(throws: CoordinatorServiceError.self) { try RunKeys(in: directory) }
    #expect(error.map { "\($0)".contains("its group can write into it") } == true)
  }
}
