import Foundation

/// The files of the project, found from this file's own place.
struct SourceTree {
  struct File {
    let path: String
    let lines: [Substring]
    var target: String {
      let folders = path.split(separator: "/")
      return String(folders[1] == "Benchmarks" ? folders[2] : folders[1])
    }
    /// The lines that are not comments, with their indices.
    var code: [(index: Int, text: String)] {
      lines.enumerated().compactMap { index, line in
        line.drop { $0 == " " }.hasPrefix("//") ? nil : (index, String(line))
      }
    }
    var isGenerated: Bool { path.contains("/Generated/") || path.hasSuffix(".pb.swift") }
  }

  let files: [File]

  /// Reads all source files below `Sources` and `Tests`.
  init() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    var files: [File] = []
    for folder in ["Sources", "Tests"] {
      let base = root.appending(path: folder).resolvingSymlinksInPath()
      let paths = try FileManager.default.subpathsOfDirectory(atPath: base.path).sorted()
      for path in paths where ["swift", "c", "h"].contains((path as NSString).pathExtension) {
        let text = try String(contentsOf: base.appending(path: path), encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        files.append(File(path: "\(folder)/\(path)", lines: lines))
      }
    }
    self.files = files
  }

  /// The hand-written files.
  var written: [File] { files.filter { !$0.isGenerated } }

  /// The hand-written Swift files of the program itself.
  var swiftSources: [File] {
    written.filter { $0.path.hasPrefix("Sources/") && $0.path.hasSuffix(".swift") }
  }
}

extension NSRegularExpression {
  /// Whether the expression occurs in a line.
  func matches(_ line: String) -> Bool {
    firstMatch(in: line, range: NSRange(line.startIndex..., in: line)) != nil
  }
}

/// The targets from the lowest to the highest: each may import only those before it.
enum Layers {
  static let ordered: [[String]] = [
    [
      "SparsityCore", "ProgramVersion", "CSparseKernels", "CDemoData", "CZeroMQ", "COneDNN",
      "CLAPACK", "CTurboJPEG", "CPNG", "CSodium", "CYaml", "CProcessLimits",
    ],
    [
      "NetworkArchitectures", "ContentHashing", "SparseKernels", "LinearAlgebra",
      "EvolutionarySearch", "AcceleratorModel", "WireProtocol",
    ],
    ["VisionTransformers", "Pruning", "Coordination", "Simulation"],
    [
      "TextReports", "ProcessLimits", "ZeroMQ", "ModelFiles", "RunFiles", "ImageData",
      "RunStorage", "Evaluation", "RunPreparation", "RunReports", "CoordinatorService",
      "WorkerService", "ExternalEvaluation",
      "StatusServer",
    ],
    [
      "CPeakKernels", "InferenceBenchmarks", "CoordinatorBenchmarks", "SearchBenchmarks", "elsa",
      "NameCommit",
    ],
  ]

  /// The one Swift target that may import each C target.
  static let owners: [String: String] = [
    "CSparseKernels": "SparseKernels", "CDemoData": "elsa", "CZeroMQ": "ZeroMQ",
    "COneDNN": "LinearAlgebra", "CLAPACK": "LinearAlgebra", "CTurboJPEG": "ImageData",
    "CPNG": "ImageData", "CSodium": "ContentHashing", "CPeakKernels": "InferenceBenchmarks",
    "CYaml": "RunFiles", "CProcessLimits": "ProcessLimits",
  ]

  static func layer(of target: String) -> Int? {
    ordered.firstIndex { $0.contains(target) }
  }

  static func rank(of target: String) -> Int? {
    ordered.joined().enumerated().first { $0.element == target }?.offset
  }
}
