import Foundation
import RunStorage
import SparseKernels
import SparsityCore
import TestSupport
import Testing

/// Run directories that earlier versions have left half-way, and this one goes on with.
///
/// From layout 7 on journals only grow: `Tests/Fixtures/runs/make` adds a directory when they have.
@Suite(
  .serialized, .timeLimit(.minutes(10)),
  .enabled(if: InstructionSet.detected >= .avx2, "needs a processor with AVX2"))
struct CommittedRunTests {
  @Test(arguments: ["layout-7"])
  func `a run that an earlier version has begun finds what it would have found`(name: String)
    throws
  {
    let folder = try TemporaryFolder()
    let directory = RunDirectory(path: folder.file("run"))
    try FileManager.default.copyItem(
      at: URL(filePath: "\(Checkout.fixtures)/runs/\(name)"),
      to: URL(filePath: directory.path))
    let before = try Program.run(["front", directory.path, "--json"]).json()
    let count = try #require(before["evaluations"] as? Int)
    #expect((8..<48).contains(count))
    // The journal names the model as the checkout has it, seen from its folder.
    let ending = try Program.run(
      ["search", directory.file("run.yaml"), "--workers", "2", "--run-directory", directory.path],
      in: Checkout.root)
    try #require(ending.status == 0, "\(ending.errors)")
    let committed = try JSONDecoder().decode(
      [String: String].self, from: Data(contentsOf: StrictDigestTests.committedPath))
    let findings = try RunFindings(ofRunIn: directory.path)
    #expect(findings.digest == committed["digits systolic32"])
  }
}
