import Foundation
import Glibc
import ProcessLimits
import Testing

struct SecretKeepingTests {
  @Test func `a secret can be taken from the environment once`() {
    let name = "ELSA_TEST_SECRET"
    #expect(SecretKeeping.takeFromEnvironment(name) == nil)
    unsafe setenv(name, "s3cret", 1)
    let place = unsafe getenv(name)
    #expect(SecretKeeping.takeFromEnvironment(name) == "s3cret")
    #expect(SecretKeeping.takeFromEnvironment(name) == nil)
    #expect(unsafe place.map { unsafe $0[0] } == 0)
    #expect(ProcessInfo.processInfo.environment[name] == nil)
  }
}
