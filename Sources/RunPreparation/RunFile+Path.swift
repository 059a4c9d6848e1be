import Foundation
import RunFiles
import TextReports

extension RunFile {
  /// Reads a run file; its paths become absolute.
  package init(path: String) throws(ExplainedError) {
    let folder = URL(filePath: path).absoluteURL.deletingLastPathComponent()
    let runFile: RunFile
    do {
      runFile = try RunFile(yaml: TextFile.text(of: path), file: path)
    } catch {
      throw ExplainedError("\(error)", isWrongUsage: true)
    }
    self = runFile.resolvingPaths { relative in
      URL(filePath: relative, relativeTo: folder).standardizedFileURL.path(percentEncoded: false)
    }
  }
}
