import CYaml
import ModelFiles

/// Reads a YAML text event by event, within ``YAMLLimits``.
///
/// - Complexity: O(*n*), where *n* is the number of bytes.
struct YAMLParser {
  private let file: String
  /// The collections that are open, the outermost first.
  private var open: [OpenCollection] = []
  private var anchors: [String: YAMLNode] = [:]
  private var nodeCount = 0
  private var root: YAMLNode?

  /// A collection whose end has not come.
  private struct OpenCollection {
    let place: YAMLPlace
    let anchor: String?
    let isMapping: Bool
    var items: [YAMLNode] = []
    var entries: [(key: String, place: YAMLPlace, value: YAMLNode)] = []
    var key: (text: String, place: YAMLPlace)?
    var keys: Set<String> = []
    var size = 1
    var depth = 1
  }

  private init(file: String) {
    self.file = file
  }

  /// Returns the root of the one document of a text; `file` names it in errors.
  static func parse(_ text: String, file: String) throws(RunFileError) -> YAMLNode {
    let bytes = Array(text.utf8)
    guard bytes.count <= YAMLLimits.sizeMax else {
      throw RunFileError(
        file: file,
        message: "has \(bytes.count) bytes; at most \(YAMLLimits.sizeMax) are read of such a file")
    }
    try checkDirectives(bytes, file: file)
    var parser = YAMLParser(file: file)
    try parser.read(bytes)
    guard let root = parser.root else {
      throw RunFileError(file: file, message: "the file is empty")
    }
    return root
  }

  private static func checkDirectives(_ bytes: [UInt8], file: String) throws(RunFileError) {
    var count = 0
    var line = 1
    var isAtStart = true
    for byte in bytes {
      if isAtStart, byte == UInt8(ascii: "%") { count += 1 }
      guard count <= YAMLLimits.directiveCountMax else {
        throw RunFileError(
          file: file, line: line, column: 1,
          message: "more than \(YAMLLimits.directiveCountMax) lines begin with %; remove them")
      }
      isAtStart = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
      if byte == UInt8(ascii: "\n") { line += 1 }
    }
  }

  private mutating func read(_ bytes: [UInt8]) throws(RunFileError) {
    var parser = unsafe yaml_parser_t()
    guard unsafe yaml_parser_initialize(&parser) == 1 else {
      throw RunFileError(file: file, message: "cannot be read: no memory is left")
    }
    defer { unsafe yaml_parser_delete(&parser) }
    unsafe yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
    let outcome = unsafe bytes.withUnsafeBufferPointer { buffer -> Result<Void, RunFileError> in
      unsafe yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
      do throws(RunFileError) {
        while try unsafe step(&parser) {}
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try outcome.get()
  }

  /// Takes the next event; returns whether another may follow.
  private mutating func step(_ parser: inout yaml_parser_t) throws(RunFileError) -> Bool {
    var event = unsafe yaml_event_t()
    guard unsafe yaml_parser_parse(&parser, &event) == 1 else {
      throw unsafe syntaxError(parser)
    }
    defer { unsafe yaml_event_delete(&event) }
    let mark = unsafe event.start_mark
    let place = YAMLPlace(line: Int(mark.line) + 1, column: Int(mark.column) + 1)
    switch unsafe event.type {
    case YAML_STREAM_END_EVENT, YAML_NO_EVENT:
      return false
    case YAML_DOCUMENT_START_EVENT where root != nil:
      throw error("the file holds a second document; keep one", at: place)
    case YAML_ALIAS_EVENT:
      try alias(unsafe Self.text(event.data.alias.anchor) ?? "", at: place)
    case YAML_SCALAR_EVENT:
      unsafe try scalar(event, at: place)
    case YAML_SEQUENCE_START_EVENT:
      let anchor = unsafe Self.text(event.data.sequence_start.anchor)
      try begin(OpenCollection(place: place, anchor: anchor, isMapping: false))
    case YAML_MAPPING_START_EVENT:
      let anchor = unsafe Self.text(event.data.mapping_start.anchor)
      try begin(OpenCollection(place: place, anchor: anchor, isMapping: true))
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
      try end()
    default:
      break
    }
    return true
  }

  private static func text(_ pointer: UnsafePointer<UInt8>?) -> String? {
    unsafe pointer.map { unsafe String(cString: $0) }
  }
}

// MARK: - Building the tree

extension YAMLParser {
  private mutating func scalar(_ event: yaml_event_t, at place: YAMLPlace) throws(RunFileError) {
    let scalar = unsafe event.data.scalar
    let bytes = unsafe UnsafeBufferPointer(start: scalar.value, count: scalar.length)
    let text = unsafe String(decoding: bytes, as: UTF8.self)
    let node = YAMLNode(place: place, content: .scalar(text), size: 1, depth: 1)
    try add(node, anchor: unsafe Self.text(scalar.anchor))
  }

  private mutating func alias(_ anchor: String, at place: YAMLPlace) throws(RunFileError) {
    guard let node = anchors[anchor] else {
      throw error("*\(anchor) refers to nothing before it; write &\(anchor) there", at: place)
    }
    // A key, or what is wrong with the value, is shown where the alias stands.
    try add(
      YAMLNode(place: place, content: node.content, size: node.size, depth: node.depth),
      anchor: nil)
  }

  private mutating func begin(_ collection: OpenCollection) throws(RunFileError) {
    if let last = open.last, last.isMapping, last.key == nil {
      throw error("a key must be a word", at: collection.place)
    }
    try checkDepth(open.count + 1, at: collection.place)
    open.append(collection)
  }

  private mutating func end() throws(RunFileError) {
    guard let collection = open.popLast() else { return }
    let content: YAMLNode.Content =
      collection.isMapping ? .mapping(collection.entries) : .sequence(collection.items)
    let node = YAMLNode(
      place: collection.place, content: content, size: collection.size, depth: collection.depth)
    // Its parts were counted when they were added.
    nodeCount -= collection.size - 1
    try add(node, anchor: collection.anchor)
  }

  private mutating func add(_ node: YAMLNode, anchor: String?) throws(RunFileError) {
    nodeCount += node.size
    guard nodeCount <= YAMLLimits.nodeCountMax else {
      throw error(
        "more than \(YAMLLimits.nodeCountMax) values, aliases written out; write fewer",
        at: node.place)
    }
    try checkDepth(open.count + node.depth, at: node.place)
    if let anchor { anchors[anchor] = node }
    guard var last = open.popLast() else {
      root = node
      return
    }
    last.size += node.size
    last.depth = max(last.depth, node.depth + 1)
    if !last.isMapping {
      last.items.append(node)
    } else if let key = last.key {
      last.entries.append((key.text, key.place, node))
      last.key = nil
    } else {
      guard case .scalar(let text) = node.content else {
        throw error("a key must be a word", at: node.place)
      }
      guard last.keys.insert(text).inserted else {
        throw error("key given twice: \(excerpt(text))", at: node.place)
      }
      last.key = (text, node.place)
    }
    open.append(last)
  }

  private func checkDepth(_ depth: Int, at place: YAMLPlace) throws(RunFileError) {
    guard depth <= YAMLLimits.depthMax else {
      throw error("more than \(YAMLLimits.depthMax) nested values; nest fewer", at: place)
    }
  }
}

// MARK: - Errors

extension YAMLParser {
  private func error(_ message: String, at place: YAMLPlace) -> RunFileError {
    RunFileError(file: file, line: place.line, column: place.column, message: message)
  }

  private func syntaxError(_ parser: yaml_parser_t) -> RunFileError {
    let problem = unsafe parser.problem.map { unsafe String(cString: $0) } ?? "cannot be read"
    // The reader, which refuses control characters, knows a byte but no line.
    guard unsafe parser.error != YAML_READER_ERROR else {
      let offset = unsafe parser.problem_offset
      return RunFileError(file: file, message: "not valid YAML: \(problem) at byte \(offset)")
    }
    let mark = unsafe parser.problem_mark
    return error(
      "not valid YAML: \(problem)",
      at: YAMLPlace(line: Int(mark.line) + 1, column: Int(mark.column) + 1))
  }
}

/// Returns the beginning of a text that a file holds, on one line, for messages.
func excerpt(_ text: String) -> String {
  let beginning = text.count <= 80 ? text : text.prefix(80) + "…"
  return String(JSONValue.quoted(beginning).dropFirst().dropLast())
}
