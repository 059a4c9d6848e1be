import Glibc

/// What names of hosts stand for.
package enum HostAddresses {
  /// Returns the addresses of a host in numbers, in the order of the system's preference; none if
  /// the name is unknown.
  package static func numeric(of name: String) -> [String] {
    var hints = unsafe addrinfo()
    unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    guard unsafe getaddrinfo(name, nil, &hints, &list) == 0 else { return [] }
    defer { unsafe freeaddrinfo(list) }
    var addresses: [String] = []
    var next = unsafe list
    while let entry = unsafe next {
      unsafe next = unsafe entry.pointee.ai_next
      let address = unsafe text(of: entry.pointee.ai_addr, size: entry.pointee.ai_addrlen)
      if let address, !addresses.contains(address) { addresses.append(address) }
    }
    return addresses
  }

  /// Returns an address in numbers, as in `10.0.0.7` or `fd77::1`.
  package static func text(
    of address: UnsafePointer<sockaddr>?, size: socklen_t
  ) -> String? {
    guard let address = unsafe address else { return nil }
    var buffer = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    let status = unsafe getnameinfo(
      address, size, &buffer, socklen_t(buffer.count), nil, 0, NI_NUMERICHOST)
    guard status == 0 else { return nil }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  /// Whether a text is an address of version 6 in numbers; it may name an interface, as in
  /// `fe80::1%eth0`.
  package static func isVersion6(_ text: some StringProtocol) -> Bool {
    var address = in6_addr()
    return unsafe inet_pton(AF_INET6, String(text.prefix { $0 != "%" }), &address) == 1
  }

  /// Whether a text is an address of version 4 in numbers.
  package static func isVersion4(_ text: some StringProtocol) -> Bool {
    var address = in_addr()
    return unsafe inet_pton(AF_INET, String(text), &address) == 1
  }

  /// Whether an endpoint can be had over version 6 alone, which libzmq must be told.
  static func needsVersion6(_ endpoint: String) -> Bool {
    guard endpoint.hasPrefix("tcp://"), let colon = endpoint.lastIndex(of: ":") else {
      return false
    }
    let host = endpoint["tcp://".endIndex..<max(colon, "tcp://".endIndex)]
    if host.hasPrefix("[") { return true }
    if host == "*" || isVersion4(host) { return false }
    let addresses = numeric(of: String(host))
    return !addresses.isEmpty && addresses.allSatisfy { isVersion6($0) }
  }
}
