import Foundation

/// An address that a coordinator binds to: `tcp://HOST:PORT`.
package struct BindAddress: Hashable {
  /// The host or interface, `*` or `0.0.0.0` for all.
  package let host: String
  /// The port as text, `*` or `0` for any free one.
  package let port: String

  /// Reads an endpoint.
  package init(_ endpoint: String) throws(CoordinatorServiceError) {
    guard endpoint.hasPrefix("tcp://") else { throw .unsupportedEndpoint(endpoint) }
    let rest = endpoint.dropFirst("tcp://".count)
    guard let colon = rest.lastIndex(of: ":") else { throw .unsupportedEndpoint(endpoint) }
    host = String(rest[..<colon])
    port = String(rest[rest.index(after: colon)...])
    guard !host.isEmpty, port == "*" || UInt16(port) != nil else {
      throw .unsupportedEndpoint(endpoint)
    }
  }

  /// Whether only this machine can reach the address.
  package var isLoopback: Bool {
    if host == "localhost" || host == "[::1]" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }

  /// Whether the address stands for all interfaces.
  package var isWildcard: Bool { ["*", "0.0.0.0", "[::]"].contains(host) }

  /// Returns the endpoints that workers should try, the most likely one first.
  package func reachableEndpoints(hostName: String, interfaces: [String]) -> [String] {
    guard isWildcard else { return ["tcp://\(host):\(port)"] }
    var hosts: [String] = []
    // Workers on this machine get along without a name service.
    for candidate in interfaces + [hostName, "127.0.0.1"] where !candidate.isEmpty {
      if !hosts.contains(candidate) { hosts.append(candidate) }
    }
    return hosts.map { "tcp://\($0):\(port)" }
  }

  /// Returns the IPv4 addresses of this machine's interfaces that are up, without loopback.
  package static func interfaceAddresses() -> [String] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&list) == 0 else { return [] }
    defer { unsafe freeifaddrs(list) }
    var addresses: [String] = []
    var next = unsafe list
    while let entry = unsafe next {
      unsafe next = unsafe entry.pointee.ifa_next
      let flags = unsafe entry.pointee.ifa_flags
      guard flags & UInt32(IFF_UP) != 0, flags & UInt32(IFF_LOOPBACK) == 0,
        let address = unsafe entry.pointee.ifa_addr,
        unsafe address.pointee.sa_family == sa_family_t(AF_INET)
      else { continue }
      let number = unsafe address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) {
        unsafe UInt32(bigEndian: $0.pointee.sin_addr.s_addr)
      }
      let parts = [24, 16, 8, 0].map { "\(number >> UInt32($0) & 0xFF)" }
      addresses.append(parts.joined(separator: "."))
    }
    return addresses
  }
}
