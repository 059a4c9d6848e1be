import SparsityCore
internal import SwiftProtobuf

// MARK: Bodies

/// Returns the bytes of a body.
func serialized(_ proto: some SwiftProtobuf.Message) -> [UInt8] {
  do {
    return try proto.serializedBytes()
  } catch {
    preconditionFailure("a body within the limits cannot be encoded: \(error)")
  }
}

/// Reads a body.
///
/// - Throws: ``WireError/malformedBody(kind:)``.
func parsed<Body: SwiftProtobuf.Message>(
  _ bytes: [UInt8], kind: UInt16
) throws(WireError) -> Body {
  var options = BinaryDecodingOptions()
  options.messageDepthLimit = 8
  options.discardUnknownFields = true
  do {
    return try Body(serializedBytes: bytes, options: options)
  } catch {
    throw .malformedBody(kind: kind)
  }
}

// MARK: Checks

/// Returns a number that lies in `allowed`.
///
/// - Throws: ``WireError/invalidField(name:diagnostic:)``.
func bounded(
  _ value: some FixedWidthInteger, _ allowed: ClosedRange<Int>, _ name: String
) throws(WireError) -> Int {
  guard let value = Int(exactly: value), allowed.contains(value) else {
    throw .invalidField(
      name: name, diagnostic: "is \(value), not in \(allowed.lowerBound)…\(allowed.upperBound)")
  }
  return value
}

/// Returns a text for readers if it is of acceptable size, with its control characters written out.
///
/// This is the one place where a text of a peer becomes fit for terminals and logs.
///
/// - Throws: ``WireError/invalidField(name:diagnostic:)``.
func text(
  _ value: String, _ name: String, sizeMax: Int = WireLimits.textSizeMax
) throws(WireError) -> String {
  cut(try verbatim(value, name, sizeMax: sizeMax).withControlsWrittenOut, to: sizeMax)
}

/// Returns a text that machines compare, parse or open, as it is, if it is of acceptable size.
///
/// - Throws: ``WireError/invalidField(name:diagnostic:)``.
func verbatim(
  _ value: String, _ name: String, sizeMax: Int = WireLimits.textSizeMax
) throws(WireError) -> String {
  guard value.utf8.count <= sizeMax else {
    throw .invalidField(
      name: name, diagnostic: "is a text of \(value.utf8.count) bytes, more than \(sizeMax)")
  }
  return value
}

/// Returns the name of a worker or program that a peer gives itself.
///
/// - Throws: ``WireError/invalidField(name:diagnostic:)``.
func peerLabel(_ value: String, _ name: String) throws(WireError) -> String {
  try text(value, name, sizeMax: WireLimits.labelSizeMax)
}

/// Returns the name of a worker that was written down, maybe when names could be longer.
func writtenLabel(_ value: String) -> String {
  cut(value.withControlsWrittenOut, to: WireLimits.labelSizeMax)
}

/// Returns the beginning of a text that is not too long to be sent.
func cut(_ value: String, to sizeMax: Int = WireLimits.textSizeMax) -> String {
  guard value.utf8.count > sizeMax else { return value }
  var end = value.startIndex
  var size = 0
  for index in value.indices {
    size += value[index].utf8.count
    if size > sizeMax { break }
    end = value.index(after: index)
  }
  return String(value[..<end])
}

/// Returns the case that a text names.
///
/// - Throws: ``WireError/invalidField(name:diagnostic:)``.
func named<Value: RawRepresentable<String>>(
  _ value: String, _ name: String
) throws(WireError) -> Value {
  guard let known = Value(rawValue: value) else {
    throw .invalidField(name: name, diagnostic: "has an unknown value of \(value.utf8.count) bytes")
  }
  return known
}

/// Returns the case that a number stands for.
///
/// - Throws: ``WireError/invalidField(name:diagnostic:)``.
func named<Value: RawRepresentable<UInt8>>(
  _ value: UInt32, _ name: String
) throws(WireError) -> Value {
  guard let byte = UInt8(exactly: value), let known = Value(rawValue: byte) else {
    throw .invalidField(name: name, diagnostic: "has the unknown value \(value)")
  }
  return known
}

/// Returns the converted elements of a list of acceptable length.
///
/// - Throws: ``WireError/invalidField(name:diagnostic:)`` and what `convert` throws.
func list<Element, Converted>(
  _ values: [Element], limit: Int, _ name: String,
  _ convert: (Element) throws(WireError) -> Converted
) throws(WireError) -> [Converted] {
  guard values.count <= limit else {
    throw .invalidField(name: name, diagnostic: "has \(values.count) entries, more than \(limit)")
  }
  var converted: [Converted] = []
  converted.reserveCapacity(values.count)
  for value in values { converted.append(try convert(value)) }
  return converted
}

/// Returns named values sorted by name, so that equal ones have equal bytes.
func parameterProtos(_ values: [String: String]) -> [ParameterProto] {
  values.sorted { $0.key < $1.key }.map { name, value in
    ParameterProto.with {
      $0.name = name
      $0.value = value
    }
  }
}

/// Returns named values, none of them twice and not too many.
///
/// - Parameter check: returns a name or a value as it is, or throws.
/// - Throws: ``WireError/invalidField(name:diagnostic:)`` and what `check` throws.
func namedValues(
  _ protos: [ParameterProto], limit: Int, _ name: String,
  check: (_ value: String, _ name: String) throws(WireError) -> String = {
    value, name throws(WireError) in try verbatim(value, name)
  }
) throws(WireError) -> [String: String] {
  guard protos.count <= limit else {
    throw .invalidField(name: name, diagnostic: "has \(protos.count) entries, more than \(limit)")
  }
  var values: [String: String] = [:]
  for proto in protos {
    let value = try check(proto.value, name)
    guard values.updateValue(value, forKey: try check(proto.name, name)) == nil else {
      throw .invalidField(name: name, diagnostic: "holds a name twice")
    }
  }
  return values
}

/// Returns a genome of acceptable length.
///
/// - Throws: ``WireError/invalidField(name:diagnostic:)``.
func checkedGenome(_ genes: [UInt8]) throws(WireError) -> Genome {
  guard (1...WireLimits.geneCountMax).contains(genes.count) else {
    throw .invalidField(name: "genes", diagnostic: "has \(genes.count) entries")
  }
  return Genome(genes: genes)
}

/// Returns the versions between two bounds.
///
/// - Throws: ``WireError/invalidField(name:diagnostic:)``.
func versionRange(
  _ oldest: VersionProto, _ newest: VersionProto
) throws(WireError) -> ClosedRange<ProtocolVersion> {
  let lower = try ProtocolVersion(oldest)
  let upper = try ProtocolVersion(newest)
  guard lower <= upper else {
    throw .invalidField(name: "newest", diagnostic: "is \(upper), older than \(lower)")
  }
  return lower...upper
}

/// Returns a worker's remaining time for the wire; zero stands for none that is known.
func remaining(_ milliseconds: Int?) -> UInt64 {
  milliseconds.map { UInt64(min(max(1, $0), WireLimits.remainingMillisecondsMax)) } ?? 0
}

/// Returns a worker's remaining time from the wire.
///
/// - Throws: ``WireError/invalidField(name:diagnostic:)``.
func remaining(_ milliseconds: UInt64) throws(WireError) -> Int? {
  let limit = WireLimits.remainingMillisecondsMax
  let value = try bounded(milliseconds, 0...limit, "remaining_milliseconds")
  return value == 0 ? nil : value
}

// MARK: Values

extension VersionProto {
  /// Converts a version.
  init(_ version: ProtocolVersion) {
    major = UInt32(version.major)
    minor = UInt32(version.minor)
  }
}

extension ProtocolVersion {
  /// Converts and checks a version.
  init(_ proto: VersionProto) throws(WireError) {
    self.init(
      major: UInt8(try bounded(proto.major, 0...255, "major")),
      minor: UInt8(try bounded(proto.minor, 0...255, "minor")))
  }
}

extension ShardProto {
  /// Converts the identity of a shard.
  init(_ shard: ShardID) {
    candidate = UInt64(shard.candidate.rawValue)
    slice = UInt32(shard.slice)
  }
}

extension ShardID {
  /// Converts and checks the identity of a shard.
  init(_ proto: ShardProto) throws(WireError) {
    self.init(
      candidate: try CandidateID(wire: proto.candidate),
      slice: try bounded(proto.slice, 0...WireLimits.imageCountMax, "slice"))
  }
}

extension CandidateID {
  /// Converts and checks a number.
  init(wire value: UInt64) throws(WireError) {
    self.init(try bounded(value, 0...WireLimits.candidateCountMax, "candidate"))
  }
}

extension ShardKey {
  /// Converts and checks a key.
  init(_ bytes: [UInt8]) throws(WireError) {
    self.init(try ContentHash(wire: bytes))
  }
}

extension ContentHash {
  /// Converts and checks a hash.
  init(wire bytes: [UInt8]) throws(WireError) {
    guard let hash = ContentHash(bytes: bytes) else {
      throw .invalidField(name: "hash", diagnostic: "has \(bytes.count) bytes, not 32")
    }
    self = hash
  }
}

extension SliceProto {
  /// Converts a slice.
  init(_ slice: ImageSlice) {
    start = UInt64(slice.start)
    count = UInt64(slice.count)
  }
}

extension ImageSlice {
  /// Converts and checks a slice.
  init(_ proto: SliceProto) throws(WireError) {
    self.init(
      start: try bounded(proto.start, 0...WireLimits.imageCountMax, "start"),
      count: try bounded(proto.count, 1...WireLimits.shardSizeMax, "count"))
  }
}

extension HeldProto {
  /// Converts an entry.
  init(_ held: HeldShard) {
    shard = ShardProto(held.shard)
    key = .init(held.key.hash.bytes)
    token = .init(held.token.bytes)
    switch held.state {
    case .queued: state = .heldQueued
    case .running(let done):
      state = .heldRunning
      imagesDone = UInt64(done)
    case .measured: state = .heldMeasured
    }
  }
}

extension HeldShard {
  /// Converts and checks an entry.
  init(_ proto: HeldProto) throws(WireError) {
    let state: State
    switch proto.state {
    case .heldQueued: state = .queued
    case .heldRunning:
      state = .running(
        imagesDone: try bounded(proto.imagesDone, 0...WireLimits.shardSizeMax, "images_done"))
    case .heldMeasured: state = .measured
    case .UNRECOGNIZED(let value):
      throw .invalidField(name: "state", diagnostic: "has the unknown value \(value)")
    }
    self.init(
      shard: try ShardID(proto.shard), key: try ShardKey([UInt8](proto.key)), state: state,
      token: try LeaseToken(wire: [UInt8](proto.token)))
  }
}

extension MeasurementProto {
  /// Converts a measurement.
  init(_ measurement: ShardMeasurement) {
    imageCount = UInt64(measurement.correct.count)
    correct = .init(measurement.correct.bytes)
    // What is missing keeps the form of a number that is none.
    summedLossBits = (measurement.summedLoss ?? .nan).bitPattern
  }
}

extension ShardMeasurement {
  /// Converts and checks what a peer has measured just now: its loss must be one.
  init(measured proto: MeasurementProto) throws(WireError) {
    try self.init(written: proto)
    guard summedLoss != nil else {
      throw .invalidField(
        name: "summed_loss_bits",
        diagnostic: "is \(Double(bitPattern: proto.summedLossBits)), which is no loss")
    }
  }

  /// Converts and checks what was written down; a number that is no loss is read as missing.
  init(written proto: MeasurementProto) throws(WireError) {
    let count = try bounded(proto.imageCount, 1...WireLimits.shardSizeMax, "image_count")
    guard let correct = BitVector(bytes: [UInt8](proto.correct), count: count) else {
      throw .invalidField(
        name: "correct", diagnostic: "has \(proto.correct.count) bytes for \(count) images")
    }
    self.init(
      correct: correct, summedLoss: Double(bitPattern: proto.summedLossBits).asSummedLoss)
  }
}
