import CoordinatorService
import Foundation
import RunStorage
import Testing
import TestSupport

struct RunKeysTests {
  private let run = TemporaryRun()
  private var directory: RunDirectory { run.directory }
  var path: String { directory.file("keys.json") }

  @Test func `keys are made once and found again, for their owner only`() throws {
    let keys = try RunKeys(in: directory)
    #expect(try RunKeys(in: directory) == keys)
    #expect(keys.server != keys.workers)
    let attributes = try FileManager.default.attributesOfItem(atPath: path)
    #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
  }

  @Test func `keys that others can read are refused`() throws {
    _ = try RunKeys(in: directory)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
    let expected = CoordinatorServiceError.storage(.exposedSecret(path: path, mode: 0o644))
    #expect(throws: expected) { try RunKeys(in: directory) }
  }

  @Test func `a damaged key file is named`() throws {
    try directory.create()
    try PrivateFile(path: path).write(["version": "1", "server": "x", "workers": "y"])
    #expect(throws: CoordinatorServiceError.self) { try RunKeys(in: directory) }
    try FileManager.default.removeItem(atPath: path)
    struct File: Encodable {
      let version = 1
      let server = "too short"
      let workers = "too short"
    }
    try PrivateFile(path: path).write(File())
    let error = #expect(throws: CoordinatorServiceError.self) { try RunKeys(in: directory) }
    #expect("\(try #require(error))".contains("is not a key file"))
  }
}

@Suite struct DescriptorLimitTests {
  @Test func `the limit is raised and leaves room beside the sessions`() {
    let limit = DescriptorLimit.raise()
    #expect(limit == DescriptorLimit.raise())
    var limits = rlimit()
    #expect(unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0)
    #expect(limit == Int(clamping: limits.rlim_max))
    #expect(DescriptorLimit.sessionCountMax(limit: 1_024) == 922)
    #expect(DescriptorLimit.sessionCountMax(limit: 300) == 236)
    #expect(DescriptorLimit.sessionCountMax(limit: 10) == 1)
  }
}
