import ContentHashing
import NetworkArchitectures
import SparsityCore

/// The tensors of one model, in one safetensors file or in shards with an index.
///
/// Names have no prefix of a wrapper: see ``NetworkArchitectures/WrapperPrefix``. What a run is
/// about is one file. For shards, and for one of several models in a file, that is the file that
/// ``write(to:)`` writes, and ``contentHash()`` is its hash, whether it exists or not.
package struct Checkpoint: Sendable {
  /// The file or the index of the shards.
  package let path: String
  /// The prefix that the names in the files have and those here have not.
  package let prefix: String
  /// The free texts of the files; those of the first shard come first.
  package let metadata: [String: String]
  /// What was done beyond opening a file, in sentences without a full stop.
  package let notifications: [String]
  /// Whether the tensors are all those of the one file at ``path``.
  package let isWholeFile: Bool
  let files: [SafetensorsFile]
  private let places: [String: Place]

  /// Where a tensor is.
  private struct Place {
    let file: Int
    let stored: String
  }

  /// Opens a file, or the index of shards.
  ///
  /// - Parameter prefix: Which of several models to take, by what its tensors' names begin with;
  ///   `nil` takes the only one.
  package init(path: String, prefix: String? = nil) throws(ModelFileError) {
    var (files, path) = ([SafetensorsFile](), path)
    var notifications: [String] = []
    if ShardIndex.isIndex(path) {
      files = try ShardIndex(path: path).openedShards()
    } else if let index = try ShardIndex.path(ofShard: path) {
      notifications.append("\(path) is one of several shards; all of \(index) are read")
      path = index
      files = try ShardIndex(path: index).openedShards()
    } else {
      files = [try Self.opened(path)]
    }
    if files.count > 1 { notifications.append("it is joined from \(files.count) shards") }
    try self.init(files: files, path: path, prefix: prefix, notifications: notifications)
  }

  /// Takes a file that is open.
  package init(file: SafetensorsFile, prefix: String? = nil) throws(ModelFileError) {
    try self.init(files: [file], path: file.path, prefix: prefix, notifications: [])
  }

  private init(
    files: [SafetensorsFile], path: String, prefix asked: String?, notifications: [String]
  ) throws(ModelFileError) {
    var notifications = notifications
    let all = files.flatMap(\.names)
    let prefix: String
    do throws(CheckpointFault) {
      prefix = try Self.prefix(of: all, asked: asked)
    } catch {
      throw .checkpoint(path: path, fault: error)
    }
    if !prefix.isEmpty {
      notifications.append("the prefix \(JSONValue.quoted(prefix)) of its tensors is left out")
    }
    // A prefix may begin that of another model: the names of that are not this one's.
    let others = WrapperPrefix.prefixes(in: all).filter {
      $0.hasPrefix(prefix) && $0.count > prefix.count
    }
    var places: [String: Place] = [:]
    var outside: [String] = []
    for (index, file) in files.enumerated() {
      for stored in file.names {
        guard stored.hasPrefix(prefix), !others.contains(where: stored.hasPrefix) else {
          outside.append(stored)
          continue
        }
        let name = String(stored.dropFirst(prefix.count))
        let inner = WrapperPrefix.withoutInner(name)
        places[places[inner] == nil ? inner : name] = Place(file: index, stored: stored)
      }
    }
    let weights = outside.filter { name in
      files.contains { $0.tensors[name]?.elementType.isFloatingPoint == true }
    }
    if asked == nil, let first = weights.min() {
      throw .checkpoint(path: path, fault: .outside(tensor: first, prefix: prefix))
    }
    if let first = outside.min() {
      notifications.append(
        "\(counted(outside.count, "tensor")) outside the prefix left out: \(first)"
          + (outside.count > 1 ? " and others" : ""))
    }
    self.path = path
    self.prefix = prefix
    self.files = files
    self.places = places
    self.notifications = notifications
    self.isWholeFile = files.count == 1 && files[0].path == path && asked == nil
    self.metadata = files.reversed().reduce(into: [:]) { texts, file in
      for (key, text) in file.metadata {
        func bare(_ name: String) -> String {
          name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
        }
        texts[bare(key)] = bare(text)
      }
    }
  }

  /// Returns the prefix of the model to take.
  private static func prefix(
    of names: [String], asked: String?
  ) throws(CheckpointFault) -> String {
    let prefixes = WrapperPrefix.prefixes(in: names)
    guard let asked else {
      guard prefixes.count < 2 else { throw .severalModels(prefixes: prefixes) }
      return prefixes.first ?? ""
    }
    let found = prefixes.first { $0 == asked || $0 == asked + "." }
    guard let found else { throw .unknownPrefix(asked, prefixes: prefixes) }
    return found
  }

  /// Opens a safetensors file; what has another format is named.
  static func opened(_ path: String) throws(ModelFileError) -> SafetensorsFile {
    do throws(ModelFileError) {
      return try SafetensorsFile(path: path)
    } catch {
      if let format = try ForeignFormat(beginning: beginning(of: path)) {
        throw .checkpoint(path: path, fault: .otherFormat(format))
      }
      throw error
    }
  }

  private static func beginning(of path: String) throws(ModelFileError) -> [UInt8] {
    let file = try FileDescriptor.reading(path)
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = try file.read(into: &bytes, path: path)
    return Array(bytes.prefix(count))
  }
}

// MARK: - Tensors

extension Checkpoint {
  /// The tensors, sorted by name.
  package var tensors: [StoredTensor] {
    places.keys.sorted().map { name in
      StoredTensor(
        name: name, isFloatingPoint: elementType(name)?.isFloatingPoint ?? false)
    }
  }

  /// The names of the tensors, sorted.
  package var names: [String] { places.keys.sorted() }

  /// Returns type, shape and place of a tensor.
  package func entry(_ name: String) throws(ModelFileError) -> TensorEntry {
    let place = try place(name)
    return try files[place.file].entry(place.stored)
  }

  /// Returns the type of a tensor, or `nil` without one of that name.
  package func elementType(_ name: String) -> ElementType? { try? entry(name).elementType }

  /// Returns a tensor's values as fp32.
  package func floats(_ name: String) throws(ModelFileError) -> (shape: [Int], values: [Float]) {
    let place = try place(name)
    return try files[place.file].floats(place.stored)
  }

  /// Returns a U8 tensor's bytes.
  package func bytes(_ name: String) throws(ModelFileError) -> (shape: [Int], values: [UInt8]) {
    let place = try place(name)
    return try files[place.file].bytes(place.stored)
  }

  /// Returns a tensor's values as fp32, also those of integers and truths.
  package func numbers(_ name: String) throws(ModelFileError) -> (shape: [Int], values: [Float]) {
    let place = try place(name)
    guard try entry(name).elementType.isFloatingPoint else {
      let (shape, values) = try files[place.file].integers(place.stored)
      return (shape, values.map(Float.init))
    }
    return try floats(name)
  }

  private func place(_ name: String) throws(ModelFileError) -> Place {
    guard let place = places[name] else { throw .unknownTensor(path: path, name: name) }
    return place
  }
}

// MARK: - As one file

extension Checkpoint {
  /// Returns the SHA-256 of the file that holds these tensors alone.
  ///
  /// - Complexity: O(bytes).
  package func contentHash() throws(ModelFileError) -> ContentHash {
    if isWholeFile { return files[0].contentHash() }
    var hasher = ContentHasher()
    try visitParts { (bytes: Span<UInt8>, _) throws(ModelFileError) in hasher.update(bytes) }
    return hasher.finalized()
  }

  /// Writes the tensors as one file, which appears when it is complete.
  package func write(to path: String) throws(ModelFileError) {
    let file = try AtomicFile(path: path)
    try visitParts { (bytes: Span<UInt8>, offset) throws(ModelFileError) in
      try file.write(bytes, at: offset)
    }
    try file.commit()
  }

  /// Lends the parts of the one file in their order: its header and the tensors, as
  /// ``writeSafetensors(_:metadata:to:)`` lays them out.
  private func visitParts(
    _ visit: (Span<UInt8>, _ offset: Int) throws(ModelFileError) -> Void
  ) throws(ModelFileError) {
    var ordered: [(name: String, entry: TensorEntry)] = []
    for name in names { ordered.append((name, try entry(name))) }
    ordered.sort {
      ($1.entry.elementType.size, $0.name) < ($0.entry.elementType.size, $1.name)
    }
    var end = 0
    let entries = ordered.map { name, entry in
      defer { end += entry.byteRange.count }
      return (
        name: name,
        entry: TensorEntry(
          elementType: entry.elementType, shape: entry.shape,
          byteRange: end..<end + entry.byteRange.count)
      )
    }
    guard let header = SafetensorsHeader.encoded(entries, metadata: metadata) else {
      throw .headerTooLarge(
        path: path, headerBytes: .max, limitBytes: SafetensorsHeader.sizeMax)
    }
    try visit(header.span, 0)
    for (name, entry) in entries {
      let place = try place(name)
      let stored = try files[place.file].entry(place.stored)
      try files[place.file].withBytes(of: stored) { (bytes) throws(ModelFileError) in
        try visit(bytes, header.count + entry.byteRange.lowerBound)
      }
    }
  }
}
