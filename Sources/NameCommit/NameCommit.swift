import Foundation
import PackagePlugin

/// Writes which commit is built into a source file of the target that uses it.
///
/// The command runs again when a source of the program has changed or the checkout has moved to
/// another commit, and leaves its file alone unless the commit is another one.
@main struct NameCommit: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: Target) -> [Command] {
    let root = context.package.directoryURL
    let script = root.appending(path: "Sources/NameCommit/name-commit")
    let output = context.pluginWorkDirectoryURL.appending(path: "Commit.swift")
    let sources = context.package.targets.flatMap { target in
      target.sourceModule?.sourceFiles.map(\.url).filter { file in
        file.path.hasPrefix(root.appending(path: "Sources/").path)
      } ?? []
    }
    return [
      .buildCommand(
        displayName: "Naming the commit that is built", executable: URL(filePath: "/bin/sh"),
        arguments: [script.path, root.path, output.path],
        inputFiles: [script] + sources + gitFiles(of: root), outputFiles: [output])
    ]
  }

  /// The files that change whenever another commit is checked out; none outside a checkout.
  private func gitFiles(of root: URL) -> [URL] {
    var folder = root.appending(path: ".git")
    // In a further working tree of a repository `.git` is a file that says where its folder is.
    if let text = try? String(contentsOf: folder, encoding: .utf8), text.hasPrefix("gitdir: ") {
      let path = text.dropFirst("gitdir: ".count).trimmingCharacters(in: .newlines)
      folder = URL(filePath: path, relativeTo: root)
    }
    return ["HEAD", "index", "logs/HEAD"].map { folder.appending(path: $0) }
      .filter { FileManager.default.fileExists(atPath: $0.path) }
  }
}
