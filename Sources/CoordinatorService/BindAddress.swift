import Foundation
import ZeroMQ

/// An address that a coordinator binds to: `tcp://HOST:PORT`.
package struct BindAddress: Hashable {
  /// The host or interface, one of version 6 in brackets; `*`, `0.0.0.0` or `[::]` for all.
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
    guard host == "*" || HostText.isHost(host), port == "*" || UInt16(port) != nil else {
      throw .unsupportedEndpoint(endpoint)
    }
  }

  private init(host: String, port: String) {
    self.host = host
    self.port = port
  }

  package var endpoint: String { "tcp://\(host):\(port)" }

  /// Whether only this machine can reach the address.
  package var isLoopback: Bool {
    if host == "localhost" { return true }
    let address = HostText.withoutBrackets(host)
    if address == "::1" { return true }
    let mapped = address.lowercased().hasPrefix("::ffff:") ? address.dropFirst(7) : address[...]
    return HostAddresses.isVersion4(mapped) && mapped.hasPrefix("127.")
  }

  /// Whether the address stands for all interfaces.
  package var isWildcard: Bool { ["*", "0.0.0.0", "[::]"].contains(host) }

  /// Whether the host is a name that libzmq cannot bind to.
  private var isName: Bool {
    !isWildcard && !host.hasPrefix("[") && !HostAddresses.isVersion4(host)
  }

  /// Returns the address in numbers: what an interface or a name stands for on this machine.
  ///
  /// - Parameters:
  ///   - interfaces: the addresses of this machine.
  ///   - lookUp: what the name service knows.
  package func resolved(
    interfaces: [InterfaceAddress] = InterfaceAddress.all,
    lookUp: (String) -> [String] = HostAddresses.numeric
  ) throws(CoordinatorServiceError) -> BindAddress {
    guard isName else { return self }
    let own = interfaces.filter { $0.interface == host }.map(\.address)
    let known = own.isEmpty ? lookUp(host) : own
    // Of several addresses one that is this machine's can be bound to, and every worker has the
    // older version.
    let candidates = known.filter { HostAddresses.isVersion4($0) } + known
    let isOwn = { (address: String) in interfaces.contains { $0.address == address } }
    guard let address = candidates.first(where: isOwn) ?? candidates.first else {
      throw .unknownHost(host, endpoint: endpoint)
    }
    return BindAddress(host: HostText.bracketed(address), port: port)
  }

  /// Returns the endpoints that workers should try, the most likely one first.
  ///
  /// - Parameters:
  ///   - bound: this address as it was bound: in numbers, with the real port.
  ///   - advertised: what workers shall use instead; this machine's own tools have the rest.
  package func reachableEndpoints(
    bound: BindAddress, hostName: String, interfaces: [InterfaceAddress],
    advertised: [AdvertisedAddress] = []
  ) -> [String] {
    let local = bound.host == "[::]" ? ["127.0.0.1", "[::1]"] : ["127.0.0.1"]
    var hosts: [String]
    if !advertised.isEmpty {
      hosts = bound.isWildcard ? local : [bound.host]
    } else if bound.isWildcard {
      // Workers on this machine get along without a name service.
      let others = interfaces.filter { entry in
        !entry.isLoopback && (bound.host == "[::]" || HostAddresses.isVersion4(entry.address))
      }
      hosts = others.map { HostText.bracketed($0.address) } + [hostName] + local
    } else if host == bound.host || host == "localhost" {
      hosts = [bound.host]
    } else {
      // A name that is a loopback address here may be another one elsewhere.
      hosts = bound.isLoopback ? [host, bound.host] : [bound.host, host]
    }
    hosts.removeAll(where: \.isEmpty)
    var endpoints = advertised.map { $0.endpoint(port: bound.port) }
    for host in hosts {
      let endpoint = "tcp://\(host):\(bound.port)"
      if !endpoints.contains(endpoint) { endpoints.append(endpoint) }
    }
    return endpoints
  }

  /// Why nobody else may find the coordinator, as text, if a name is a loopback address here.
  package func loopbackWarning(bound: BindAddress) -> String? {
    guard isName, host != "localhost", bound.isLoopback else { return nil }
    return "\(host) is \(bound.host) on this machine, where no other machine can reach it (see "
      + "/etc/hosts); bind to tcp://*:\(port) or to an address of the network if others shall"
  }
}

/// An address under which workers shall look for the coordinator: `HOST` or `HOST:PORT`.
package struct AdvertisedAddress: Hashable, Sendable {
  private let host: String
  private let port: UInt16?

  /// Reads an address, or returns `nil`. One of version 6 needs brackets before a port.
  package init?(_ text: String) {
    if HostAddresses.isVersion6(text) {
      (host, port) = (HostText.bracketed(text), nil)
      return
    }
    let colon = text.hasSuffix("]") ? nil : text.lastIndex(of: ":")
    host = String(text[..<(colon ?? text.endIndex)])
    if let colon {
      guard let number = UInt16(text[text.index(after: colon)...]), number > 0 else { return nil }
      port = number
    } else {
      port = nil
    }
    guard HostText.isHost(host), host != "0.0.0.0", host != "[::]" else { return nil }
  }

  /// Returns the endpoint, with the port that is bound if none was given.
  func endpoint(port bound: String) -> String {
    "tcp://\(host):\(port.map(String.init) ?? bound)"
  }
}

/// An address of one of this machine's interfaces.
package struct InterfaceAddress: Hashable {
  /// The interface's name.
  package var interface: String
  /// The address in numbers.
  package var address: String
  /// Whether only this machine can reach it.
  package var isLoopback: Bool

  /// Creates the description of an address.
  package init(interface: String, address: String, isLoopback: Bool) {
    self.interface = interface
    self.address = address
    self.isLoopback = isLoopback
  }

  /// The addresses of the interfaces that are up, the older version first, without those that mean
  /// something on one link only.
  package static var all: [InterfaceAddress] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard unsafe getifaddrs(&list) == 0 else { return [] }
    defer { unsafe freeifaddrs(list) }
    var addresses: [InterfaceAddress] = []
    var next = unsafe list
    while let entry = unsafe next {
      unsafe next = unsafe entry.pointee.ifa_next
      let flags = unsafe entry.pointee.ifa_flags
      guard flags & UInt32(IFF_UP) != 0, let address = unsafe entry.pointee.ifa_addr else {
        continue
      }
      let sizes = [
        AF_INET: MemoryLayout<sockaddr_in>.size, AF_INET6: MemoryLayout<sockaddr_in6>.size,
      ]
      guard let size = unsafe sizes[Int32(address.pointee.sa_family)],
        let text = unsafe HostAddresses.text(of: address, size: socklen_t(size)),
        !text.lowercased().hasPrefix("fe80:")
      else { continue }
      addresses.append(
        InterfaceAddress(
          interface: unsafe String(cString: entry.pointee.ifa_name), address: text,
          isLoopback: flags & UInt32(IFF_LOOPBACK) != 0))
    }
    let isOld = { (entry: InterfaceAddress) in HostAddresses.isVersion4(entry.address) }
    return addresses.filter(isOld) + addresses.filter { !isOld($0) }
  }
}

/// How hosts are written in endpoints.
enum HostText {
  /// Whether a text is a name, an address of version 4, or one of version 6 in brackets.
  static func isHost(_ text: String) -> Bool {
    if text.hasPrefix("["), text.hasSuffix("]") {
      return HostAddresses.isVersion6(withoutBrackets(text))
    }
    let marks = Set("-._".utf8)
    return !text.isEmpty
      && text.utf8.allSatisfy { byte in
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
          || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || marks.contains(byte)
      }
  }

  /// Returns an address as it stands before a port.
  static func bracketed(_ address: String) -> String {
    address.contains(":") ? "[\(address)]" : address
  }

  /// Returns an address as it stands alone.
  static func withoutBrackets(_ host: String) -> String {
    host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
  }
}
