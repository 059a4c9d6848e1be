import CZeroMQ

/// The public half of a CURVE key pair, which names its owner.
package struct CurvePublicKey: Hashable, Sendable {
  /// The 32 bytes of the key.
  let bytes: [UInt8]

  /// Reads 40 characters of Z85 text.
  package init(z85 text: String) throws(ZeroMQError) {
    guard let bytes = decodedKey(text) else { throw .invalidKey(role: "public key") }
    self.bytes = bytes
  }

  /// Creates a key from its 32 bytes, or returns `nil`.
  init?(bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  /// The key as 40 characters of Z85 text.
  package var z85: String { encodedKey(bytes) }
}

extension CurvePublicKey: CustomStringConvertible {
  /// The key as 40 characters of Z85 text.
  package var description: String { z85 }
}

/// The secret half of a CURVE key pair; it never shows in descriptions.
package struct CurveSecretKey: Hashable, Sendable {
  /// The 32 bytes of the key.
  let bytes: [UInt8]

  /// Reads 40 characters of Z85 text.
  package init(z85 text: String) throws(ZeroMQError) {
    guard let bytes = decodedKey(text) else { throw .invalidKey(role: "secret key") }
    self.bytes = bytes
  }

  /// The key as 40 characters of Z85 text, for a file that only its owner can read.
  package var z85: String { encodedKey(bytes) }
}

extension CurveSecretKey: CustomStringConvertible, CustomDebugStringConvertible {
  /// Words instead of the key, so that no log holds it.
  package var description: String { "(secret key)" }
  /// Words instead of the key, so that no log holds it.
  package var debugDescription: String { description }
}

/// A CURVE identity.
package struct CurveKeyPair: Hashable, Sendable {
  /// The half that others know.
  package let publicKey: CurvePublicKey
  /// The half that only the owner knows.
  package let secret: CurveSecretKey

  package init(secret: CurveSecretKey) throws(ZeroMQError) {
    var text = [CChar](repeating: 0, count: 41)
    guard unsafe zmq_curve_public(&text, secret.z85) == 0 else { throw .curveUnavailable }
    self.publicKey = try CurvePublicKey(z85: string(text))
    self.secret = secret
  }

  /// Generates a fresh pair from the system's random source.
  ///
  /// Call it before a ``Context`` exists: see there.
  package static func generate() throws(ZeroMQError) -> CurveKeyPair {
    var publicText = [CChar](repeating: 0, count: 41)
    var secretText = [CChar](repeating: 0, count: 41)
    guard unsafe zmq_curve_keypair(&publicText, &secretText) == 0 else { throw .curveUnavailable }
    return try CurveKeyPair(secret: CurveSecretKey(z85: string(secretText)))
  }
}

/// Returns the text of a C string in an array.
private func string(_ characters: [CChar]) -> String {
  String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
}

/// Returns the 32 bytes of a key's Z85 text, or `nil`.
private func decodedKey(_ text: String) -> [UInt8]? {
  guard text.utf8.count == 40, text.utf8.allSatisfy({ (33...126).contains($0) }) else { return nil }
  var bytes = [UInt8](repeating: 0, count: 32)
  guard unsafe zmq_z85_decode(&bytes, text) != nil else { return nil }
  return bytes
}

/// Returns the Z85 text of a key's 32 bytes.
private func encodedKey(_ bytes: [UInt8]) -> String {
  precondition(bytes.count == 32)
  var text = [CChar](repeating: 0, count: 41)
  guard unsafe zmq_z85_encode(&text, bytes, bytes.count) != nil else {
    preconditionFailure("32 bytes have a Z85 form")
  }
  return string(text)
}
