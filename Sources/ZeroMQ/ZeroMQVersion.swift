import CZeroMQ

/// The libzmq that the program runs with.
package enum ZeroMQVersion {
  /// The version, as in `4.3.4`.
  package static var text: String {
    var major: Int32 = 0
    var minor: Int32 = 0
    var patch: Int32 = 0
    unsafe zmq_version(&major, &minor, &patch)
    return "\(major).\(minor).\(patch)"
  }

  /// Whether it can encrypt with CURVE.
  package static var hasCurve: Bool { unsafe zmq_has("curve") == 1 }
}
