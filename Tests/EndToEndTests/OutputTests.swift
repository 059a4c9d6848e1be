import Foundation
import Testing
import TestSupport

/// What users read on a terminal and in the log of a job.
@Suite(.timeLimit(.minutes(20))) struct OutputTests {
  @Test func `a worker's lines bear the time, and front names the test set`() throws {
    let folder = try TemporaryFolder()
    let test = "\(Checkout.demoData)/test.safetensors"
    let path = try folder.write(
      """
      model: {weights: \(Checkout.demoData)/digits_vit_dense.safetensors}
      data: {search: \(Checkout.demoData)/search.safetensors, test: \(test)}
      patterns: ["2:4", "4:4"]
      search: {population: 4, evaluations: 4}
      """, to: "run.yaml")
    let directory = folder.file("run")
    let coordinator = try Program.start(["coordinator", path, "--run-directory", directory])
    let connection = "\(directory)/connection.json"
    try waitUntil("workers can join") { FileManager.default.fileExists(atPath: connection) }
    let worker = try Program.run(["worker", "--connection-file", connection, "--threads", "1"])
    #expect(worker.status == 0)
    #expect(coordinator.ending().status == 0)
    let lines = worker.errors.split(separator: "\n")
    #expect(lines.count > 1)
    for line in lines {
      #expect(line.prefixMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \w/) != nil, "\(line)")
    }
    let diagnostic = "test set (\(test)): not measured yet; measure it with elsa front"
    #expect(try Program.run(["front", directory]).output.contains(diagnostic))
    #expect(try !Program.run(["front", directory, "--test"]).output.contains("not measured"))
    let csv = try Program.run(["front", directory, "--csv"]).output
    #expect(!csv.contains("test set"))
  }

  @Test func `off a terminal, preparation says at once what begins`() throws {
    let folder = try TemporaryFolder()
    let images = URL(filePath: "\(Checkout.fixtures)/images")
    let names = try FileManager.default.subpathsOfDirectory(atPath: images.path).sorted()
    let png = try #require(names.first { $0.hasSuffix(".png") })
    for label in 0..<2 {
      let place = folder.file("val/\(label)")
      try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
      try FileManager.default.copyItem(
        atPath: images.appending(path: png).path, toPath: "\(place)/a.png")
    }
    let path = try folder.write(
      """
      model: {weights: \(Checkout.demoData)/digits_vit_dense.safetensors}
      data: {search: val/}
      patterns: ["2:4", "4:4"]
      """, to: "run.yaml")
    let coordinator = try Program.start([
      "coordinator", path, "--run-directory", folder.file("run"),
    ])
    try waitUntil("the first line is written") {
      coordinator.errors.contains("Packing the search set, \(folder.path)/val")
        || !coordinator.isRunning
    }
    #expect(coordinator.errors.contains("Packing the search set"), "\(coordinator.errors)")
    coordinator.signal(SIGKILL)
    _ = coordinator.ending()
  }

  @Test(arguments: [200, 43, 20])
  func `a progress line holds whole parts that fit, the most important first`(
    columns: Int
  ) throws {
    let text = try onTerminal(columns: columns) { terminal in
      try Program.start(
        [
          "evaluate", "--model", "\(Checkout.demoData)/digits_vit_dense.safetensors", "--data",
          "\(Checkout.demoData)/search.safetensors",
        ], standardError: terminal)
    }
    let lines = text.split(separator: "\r\u{1B}[2K").map { String($0.prefix { $0 != "\r" }) }
      .map { $0.trimmingCharacters(in: .newlines) }.filter { !$0.isEmpty }
    #expect(lines.allSatisfy { $0.count < columns }, "\(lines)")
    let last = try #require(lines.last)
    let bar = String(repeating: "█", count: 20)
    switch columns {
    case 200: #expect(last == "\(bar) 450/450 images  0:00 left")
    case 43: #expect(last == "\(bar) 450/450 images")
    default: #expect(last == String(bar.prefix(19)))
    }
  }

  /// Starts a process and waits for its end, with its errors on a terminal; returns what was
  /// written there.
  private func onTerminal(
    columns: Int, _ start: (FileHandle) throws -> RunningProcess
  ) throws -> String {
    var (main, other): (Int32, Int32) = (-1, -1)
    var size = winsize(ws_row: 24, ws_col: UInt16(columns), ws_xpixel: 0, ws_ypixel: 0)
    try #require(unsafe openpty(&main, &other, nil, nil, &size) == 0)
    defer { close(main) }
    let running = try start(FileHandle(fileDescriptor: other, closeOnDealloc: false))
    close(other)
    // The terminal holds few bytes, so it is read while the process runs.
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe read(main, &buffer, buffer.count)
      // Linux answers EIO when the last process has closed the other side.
      guard count > 0 else { break }
      bytes += buffer[..<count]
    }
    #expect(running.ending().status == 0)
    return String(decoding: bytes, as: UTF8.self)
  }
}
