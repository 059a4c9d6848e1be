import Foundation
import SparsityCore
import Synchronization

/// A program with its three streams, read and written by threads of their own, so that one that
/// reads or writes nothing holds up nobody.
final class EvaluatorProcess: Sendable {
  /// What becomes of the program.
  enum Event: Sendable {
    /// It has written a line.
    case line([UInt8])
    /// It has written a line that is too long.
    case overflow
    /// It has written a line to its standard error.
    case errorLine(String)
    /// It has ended, and how.
    case ended(String)
  }

  /// The longest line that is read: a million losses have room.
  static let lineSizeMax = 32 << 20
  /// The longest line of the standard error that is passed on whole.
  private static let errorLineSizeMax = 4_096

  private let identifier: Int32
  private let input: Int32
  private let lines = Mutex<[String]>([])
  private let hasLines = DispatchSemaphore(value: 0)
  private let isOver = Atomic<Bool>(false)
  private let hasEnded = DispatchSemaphore(value: 0)

  /// Starts `/bin/sh -c command` in a process group of its own.
  ///
  /// - Parameter tell: is told what happens, on threads of the process, one event at a time for
  ///   each stream.
  init(command: String, tell: @escaping @Sendable (Event) -> Void) throws {
    let process = Process()
    let (standardInput, standardOutput, standardError) = (Pipe(), Pipe(), Pipe())
    // Foundation gives it a group of its own, so that all that a shell has started can be ended.
    process.executableURL = URL(filePath: "/bin/sh")
    process.arguments = ["-c", command]
    process.standardInput = standardInput
    process.standardOutput = standardOutput
    process.standardError = standardError
    let streams = DispatchGroup()
    process.terminationHandler = { [hasEnded] _ in hasEnded.signal() }
    try process.run()
    identifier = process.processIdentifier
    // Not for the next program to inherit, which would keep this one's input from ending.
    input = fcntl(standardInput.fileHandleForWriting.fileDescriptor, F_DUPFD_CLOEXEC, 0)
    try? standardInput.fileHandleForWriting.close()
    streams.enter()
    streams.enter()
    Self.start("evaluator output") {
      Self.read(standardOutput, sizeMax: Self.lineSizeMax, tell: tell)
      streams.leave()
    }
    Self.start("evaluator errors") {
      Self.read(standardError, sizeMax: Self.errorLineSizeMax) { event in
        switch event {
        case .line(let bytes): tell(.errorLine(String(decoding: bytes, as: UTF8.self)))
        case .overflow: tell(.errorLine("(a line that is too long)"))
        case .errorLine, .ended: break
        }
      }
      streams.leave()
    }
    Self.start("evaluator input") { [self] in write() }
    Self.start("evaluator end") { [self] in
      hasEnded.wait()
      hasEnded.signal()
      // What a child of it keeps open must not keep its end from being told.
      _ = streams.wait(timeout: .now() + 1)
      close()
      let status = process.terminationStatus
      tell(
        .ended(
          process.terminationReason == .uncaughtSignal
            ? "was ended by signal \(status)" : "has ended with status \(status)"))
    }
  }

  /// Writes a line as soon as the program reads.
  func send(_ line: String) {
    lines.withLock { $0.append(line) }
    hasLines.signal()
  }

  /// Lets the program see the end of its input; one that stays is ended by ``kill()``.
  func close() {
    if !isOver.exchange(true, ordering: .sequentiallyConsistent) { hasLines.signal() }
  }

  /// Ends the program and all that it has started.
  func kill() {
    close()
    _ = Foundation.kill(-identifier, SIGKILL)
    _ = Foundation.kill(identifier, SIGKILL)
  }

  /// Lets the program leave, and ends it if it does not.
  func leave(within patience: DispatchTimeInterval) {
    close()
    Self.start("evaluator leaves") { [self] in
      if hasEnded.wait(timeout: .now() + patience) == .timedOut { kill() }
    }
  }

  private static func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
    let thread = Thread(block: body)
    thread.name = name
    thread.start()
  }

  /// Writes what is sent, until the input is closed or nobody reads it any more.
  private func write() {
    // The end of the reader is an error of the write here, not the end of the worker.
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe sigaddset(&signals, SIGPIPE)
    unsafe pthread_sigmask(SIG_BLOCK, &signals, nil)
    var isBroken = false
    while true {
      hasLines.wait()
      let line = lines.withLock { $0.isEmpty ? nil : $0.removeFirst() }
      guard let line else {
        if isOver.load(ordering: .sequentiallyConsistent) { break }
        continue
      }
      if !isBroken { isBroken = !write(Array((line + "\n").utf8)) }
    }
    Foundation.close(input)
  }

  private func write(_ bytes: [UInt8]) -> Bool {
    var start = 0
    while start < bytes.count {
      let count = unsafe bytes[start...].withUnsafeBytes {
        unsafe Foundation.write(input, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      start += count
    }
    return true
  }

  /// Reads lines to the end of a stream.
  private static func read(_ pipe: Pipe, sizeMax: Int, tell: (Event) -> Void) {
    let descriptor = pipe.fileHandleForReading.fileDescriptor
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    var line: [UInt8] = []
    var isTooLong = false
    while true {
      let count = unsafe buffer.withUnsafeMutableBytes {
        unsafe Foundation.read(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      for part in buffer[..<count].split(
        separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false
      ).enumerated() {
        if part.offset > 0 {
          if !isTooLong { tell(.line(line)) }
          line.removeAll(keepingCapacity: true)
          isTooLong = false
        }
        guard !isTooLong else { continue }
        guard line.count + part.element.count <= sizeMax else {
          isTooLong = true
          line.removeAll()
          tell(.overflow)
          continue
        }
        line += part.element
      }
    }
    if !line.isEmpty { tell(.line(line)) }
  }
}
