/// Why some bytes are no message and no record.
package enum WireError: Error, Equatable, Sendable {
  case tooLarge(bytes: Int, limitBytes: Int)
  case truncated(neededBytes: Int, availableBytes: Int)
  case trailingBytes(Int)
  case foreignBytes
  case unsupportedVersion(found: ProtocolVersion, supported: ClosedRange<ProtocolVersion>)
  case newerRecord(version: Int, supported: Int)
  case malformedBody(kind: UInt16)
  case invalidField(name: String, diagnostic: String)
}

extension WireError: CustomStringConvertible {
  /// The diagnostic.
  package var description: String {
    switch self {
    case .tooLarge(let bytes, let limit):
      "a frame of \(bytes) bytes; at most \(limit) are accepted"
    case .truncated(let needed, let available):
      "a frame of \(available) bytes where \(needed) are needed"
    case .trailingBytes(let count):
      "a frame with \(count) bytes after its end"
    case .foreignBytes:
      "bytes that are not of Elsa's protocol; is something else connecting to this port?"
    case .unsupportedVersion(let found, let supported):
      "protocol version \(found) where \(supported.lowerBound) to \(supported.upperBound) are "
        + "supported; use the same version of elsa on all machines"
    case .newerRecord(let version, let supported):
      "a record of version \(version), this program knows records up to \(supported); use the "
        + "program that wrote it, or a newer one"
    case .malformedBody(let kind):
      "a message of kind \(kind) whose body cannot be decoded"
    case .invalidField(let name, let diagnostic):
      "the field \(name) \(diagnostic)"
    }
  }
}
