import ContentHashing
import Foundation
import SparsityCore
import Testing
import TestSupport

struct GeneratedCodeTests {
  /// The generator writes the hash of its input into the first line of its output, so no tool is
  /// needed to see whether the output is current.
  @Test func `the generated messages are those of the specifications`() throws {
    let sources = URL(filePath: "\(Checkout.root)/Sources/WireProtocol")
    let names = try FileManager.default.contentsOfDirectory(
      atPath: sources.appending(path: "Protocol").path
    ).filter { $0.hasSuffix(".proto") }
    #expect(names.contains("elsa.proto"))
    for name in names {
      let specification = try [UInt8](
        Data(contentsOf: sources.appending(path: "Protocol/\(name)")))
      let generated = try String(
        contentsOf: sources.appending(path: "Generated/\(name.dropLast(6)).pb.swift"),
        encoding: .utf8)
      let hash = ContentHash(of: specification.span)
      let head = generated.prefix { $0 != "\n" }
      #expect(
        head == "// Source: Protocol/\(name), SHA-256 \(hash)",
        "run Sources/WireProtocol/Protocol/generate")
    }
  }
}
