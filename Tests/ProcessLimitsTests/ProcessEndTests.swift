import Glibc
import ProcessLimits
import Testing

/// How the process ends while threads of libraries go on.
struct ProcessEndTests {
  @Test func `the status holds, whatever destructors would do to running threads`() async {
    await #expect(processExitsWith: .exitCode(10)) {
      atexit { _exit(99) }
      ProcessEnd.now(status: 10)
    }
  }

  @Test func `what is buffered is written`() async throws {
    let result = await #expect(
      processExitsWith: .exitCode(0), observing: [\.standardOutputContent]
    ) {
      print("buffered", terminator: "")
      ProcessEnd.now(status: 0)
    }
    let output = try #require(result).standardOutputContent
    #expect(String(decoding: output, as: UTF8.self).hasSuffix("buffered"))
  }
}
