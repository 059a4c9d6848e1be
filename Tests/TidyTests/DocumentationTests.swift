import Foundation
import Testing

/// Headings and paths in pages of text; `cluster/local/check-documentation` has DocC look at names
/// and links between its pages.
struct DocumentationTests {
  let pages: [Page]

  init() throws {
    pages = try Page.all()
  }

  @Test func `there are pages to look at`() {
    #expect(pages.contains { $0.path == "README.md" })
    #expect(pages.contains { $0.path == "cluster/local/README.md" })
    #expect(pages.count { $0.path.contains(".docc/") } > 50)
  }

  @Test func `a page has one title, and each heading follows one at most a level above`() {
    for page in pages {
      #expect(page.headings.first?.level == 1, "\(page.path) does not begin with a title")
      var level = 0
      for (index, heading) in page.headings.enumerated() {
        let isTitle = heading.level == 1
        #expect(!isTitle || index == 0, "\(page.path) has a second title: \(heading.text)")
        #expect(heading.level <= level + 1, "\(page.path) skips a level at: \(heading.text)")
        level = heading.level
      }
    }
  }

  @Test func `a link within the project leads to a file, and to a heading that it has`() throws {
    for page in pages {
      for link in page.links where !link.contains("://") && !link.hasPrefix("mailto:") {
        let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        let folder = (page.path as NSString).deletingLastPathComponent
        let joined = (folder as NSString).appendingPathComponent(String(parts[0]))
        let target = parts[0].isEmpty ? page.path : (joined as NSString).standardizingPath
        #expect(Page.exists(target), "\(page.path) links to \(link), which is not there")
        guard parts.count > 1 else { continue }
        let found = pages.first { $0.path == target }?.headings.map(\.anchor) ?? []
        #expect(found.contains(String(parts[1])), "\(page.path): \(link) has no such heading")
      }
    }
  }

  @Test func `a path that a page names is there`() throws {
    let expression = try NSRegularExpression(
      pattern: #"`((Sources|Tests|cluster|\.ci)/[^` <>*…]+)`"#)
    for page in pages {
      for path in page.matches(of: expression) {
        #expect(Page.exists(path), "\(page.path) names \(path), which is not there")
      }
    }
  }

  @Test func `a catalogue's page lists its articles`() {
    for page in pages {
      let folders = page.path.split(separator: "/")
      guard let position = folders.firstIndex(where: { $0.hasSuffix(".docc") }) else { continue }
      let name = (page.path as NSString).lastPathComponent.dropLast(".md".count)
      let target = folders[position].dropLast(".docc".count)
      let main = (folders[...position] + ["\(target).md"]).joined(separator: "/")
      guard page.path != main else { continue }
      let list = pages.first { $0.path == main }?.lines ?? []
      #expect(list.contains("- <doc:\(name)>"), "\(main) does not list \(name)")
    }
  }
}

/// A page of text in Markdown.
struct Page {
  struct Heading {
    let level: Int
    let text: String

    /// What a link to the heading ends with.
    var anchor: String {
      text.lowercased().filter { $0.isLetter || $0.isNumber || "-_ ".contains($0) }
        .replacingOccurrences(of: " ", with: "-")
    }
  }

  private static let root = URL(filePath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().resolvingSymlinksInPath()

  let path: String
  /// The lines that are text, not code.
  let lines: [Substring]

  /// Reads all pages of the project.
  static func all() throws -> [Page] {
    var paths = try FileManager.default.contentsOfDirectory(atPath: root.path)
    for folder in ["Sources", "Tests", "cluster"] {
      paths += try FileManager.default.subpathsOfDirectory(
        atPath: root.appending(path: folder).path
      ).map { "\(folder)/\($0)" }
    }
    return try paths.filter { $0.hasSuffix(".md") }.sorted().map { path in
      let text = try String(contentsOf: root.appending(path: path), encoding: .utf8)
      var isCode = false
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).filter { line in
        let isFence = line.hasPrefix("```")
        if isFence { isCode.toggle() }
        return !isCode && !isFence
      }
      return Page(path: path, lines: lines)
    }
  }

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appending(path: path).path)
  }

  var headings: [Heading] {
    lines.compactMap { line in
      let level = line.prefix { $0 == "#" }.count
      guard level > 0, line.dropFirst(level).first == " " else { return nil }
      return Heading(level: level, text: String(line.dropFirst(level + 1)))
    }
  }

  /// The targets of `[text](target)`.
  var links: [String] {
    guard let expression = try? NSRegularExpression(pattern: #"\]\(([^)\s]+)\)"#) else { return [] }
    return matches(of: expression)
  }

  /// What the first group of an expression matches.
  func matches(of expression: NSRegularExpression) -> [String] {
    lines.flatMap { line in
      let line = String(line)
      let range = NSRange(line.startIndex..., in: line)
      return expression.matches(in: line, range: range).compactMap { match in
        Range(match.range(at: 1), in: line).map { String(line[$0]) }
      }
    }
  }
}
