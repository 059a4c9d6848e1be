import CoordinatorService
import Testing

@Suite struct BindAddressTests {
  @Test(arguments: [
    "tcp://127.0.0.1:0", "tcp://127.8.9.1:5555", "tcp://localhost:*", "tcp://[::1]:7",
    "tcp://[::ffff:127.0.0.1]:7",
  ])
  func `only this machine reaches a loopback address`(endpoint: String) throws {
    #expect(try BindAddress(endpoint).isLoopback)
  }

  @Test(arguments: [
    "tcp://*:5555", "tcp://0.0.0.0:0", "tcp://192.168.1.2:1", "tcp://127.example.org:1",
    "tcp://node07:1", "tcp://127.0.0.1.evil.org:1", "tcp://[::]:1", "tcp://1270.0.0.1:1",
    "tcp://[fd77::1]:5555", "tcp://[::ffff:10.0.0.7]:1", "tcp://[fe80::1%eth0]:1",
  ])
  func `everything else may be reached by others`(endpoint: String) throws {
    #expect(try !BindAddress(endpoint).isLoopback)
  }

  @Test(arguments: [
    "", "127.0.0.1:5555", "udp://127.0.0.1:1", "tcp://", "tcp://host", "tcp://:5", "tcp://host:",
    "tcp://host:99999", "tcp://host:-1", "ipc:///tmp/socket", "tcp://fd77::1:5555",
    "tcp://[fd77::1]", "tcp://[fd77::1:5555", "tcp://[node07]:1", "tcp://no de:1", "tcp://[]:1",
  ])
  func `what is no address of ours is refused`(endpoint: String) {
    #expect(throws: CoordinatorServiceError.unsupportedEndpoint(endpoint)) {
      try BindAddress(endpoint)
    }
  }

  private static let interfaces = [
    InterfaceAddress(interface: "lo", address: "127.0.0.1", isLoopback: true),
    InterfaceAddress(interface: "eth0", address: "10.0.0.7", isLoopback: false),
    InterfaceAddress(interface: "ib0", address: "192.168.1.7", isLoopback: false),
    InterfaceAddress(interface: "lo", address: "::1", isLoopback: true),
    InterfaceAddress(interface: "eth0", address: "fd77::7", isLoopback: false),
  ]

  private static func reachable(
    _ given: String, bound: String, advertised: [String] = []
  ) throws -> [String] {
    try BindAddress(given).reachableEndpoints(
      bound: BindAddress(bound), hostName: "node07", interfaces: interfaces,
      advertised: advertised.map { try #require(AdvertisedAddress($0)) })
  }

  @Test func `a wildcard is written out for workers, the likeliest address first`() throws {
    #expect(
      try Self.reachable("tcp://*:*", bound: "tcp://0.0.0.0:5555") == [
        "tcp://10.0.0.7:5555", "tcp://192.168.1.7:5555", "tcp://node07:5555",
        "tcp://127.0.0.1:5555",
      ])
    #expect(
      try Self.reachable("tcp://[::]:5555", bound: "tcp://[::]:5555") == [
        "tcp://10.0.0.7:5555", "tcp://192.168.1.7:5555", "tcp://[fd77::7]:5555",
        "tcp://node07:5555", "tcp://127.0.0.1:5555", "tcp://[::1]:5555",
      ])
    #expect(
      try Self.reachable("tcp://10.0.0.7:0", bound: "tcp://10.0.0.7:5555")
        == ["tcp://10.0.0.7:5555"])
  }

  @Test func `a name is given to workers beside its address`() throws {
    #expect(
      try Self.reachable("tcp://node07:*", bound: "tcp://10.0.0.7:5555")
        == ["tcp://10.0.0.7:5555", "tcp://node07:5555"])
    #expect(
      try Self.reachable("tcp://node07:5555", bound: "tcp://127.0.1.1:5555")
        == ["tcp://node07:5555", "tcp://127.0.1.1:5555"])
    #expect(
      try Self.reachable("tcp://localhost:*", bound: "tcp://127.0.0.1:5555")
        == ["tcp://127.0.0.1:5555"])
  }

  @Test func `what is advertised comes instead, with the rest for this machine alone`() throws {
    #expect(
      try Self.reachable(
        "tcp://*:*", bound: "tcp://0.0.0.0:5555",
        advertised: ["lab.example.org:30555", "10.9.9.9", "[fd77::9]:7", "fd77::8"]) == [
          "tcp://lab.example.org:30555", "tcp://10.9.9.9:5555", "tcp://[fd77::9]:7",
          "tcp://[fd77::8]:5555", "tcp://127.0.0.1:5555",
        ])
    #expect(
      try Self.reachable(
        "tcp://10.0.0.7:1", bound: "tcp://10.0.0.7:1", advertised: ["10.0.0.7"])
        == ["tcp://10.0.0.7:1"])
  }

  @Test(arguments: ["", ":5", "host:", "host:0", "host:99999", "a b", "tcp://h:1", "[::]", "[x]:1"])
  func `what cannot be advertised is refused`(text: String) {
    #expect(AdvertisedAddress(text) == nil)
  }

  private static func resolved(
    _ endpoint: String, _ known: [String: [String]] = [:]
  ) throws -> String {
    try BindAddress(endpoint).resolved(interfaces: interfaces) { known[$0] ?? [] }.endpoint
  }

  @Test func `names and interfaces become addresses of this machine`() throws {
    let known = ["node07": ["fd77::7", "10.1.1.1", "10.0.0.7"], "six": ["fd77::7"]]
    #expect(try Self.resolved("tcp://node07:5555", known) == "tcp://10.0.0.7:5555")
    #expect(try Self.resolved("tcp://six:5555", known) == "tcp://[fd77::7]:5555")
    #expect(try Self.resolved("tcp://ib0:5555") == "tcp://192.168.1.7:5555")
    #expect(
      try Self.resolved("tcp://localhost:*", ["localhost": ["::1", "127.0.0.1"]])
        == "tcp://127.0.0.1:*")
    for same in ["tcp://*:1", "tcp://[::]:1", "tcp://[fd77::7]:1", "tcp://10.0.0.7:1"] {
      #expect(try Self.resolved(same) == same)
    }
    let unknown = CoordinatorServiceError.unknownHost("nowhere", endpoint: "tcp://nowhere:1")
    #expect(throws: unknown) { try Self.resolved("tcp://nowhere:1") }
  }

  @Test func `a name that is a loopback address here is warned of`() throws {
    let bound = try BindAddress("tcp://127.0.1.1:5555")
    #expect(try BindAddress("tcp://node07:5555").loopbackWarning(bound: bound) != nil)
    #expect(try BindAddress("tcp://localhost:5555").loopbackWarning(bound: bound) == nil)
    #expect(try BindAddress("tcp://127.0.1.1:5555").loopbackWarning(bound: bound) == nil)
    let other = try BindAddress("tcp://10.0.0.7:5555")
    #expect(try BindAddress("tcp://node07:5555").loopbackWarning(bound: other) == nil)
  }

  @Test func `this machine's addresses are known`() throws {
    let all = InterfaceAddress.all
    #expect(all.contains { $0.address == "127.0.0.1" && $0.isLoopback })
    for entry in all where !entry.isLoopback {
      let host = entry.address.contains(":") ? "[\(entry.address)]" : entry.address
      #expect(try !BindAddress("tcp://\(host):1").isLoopback)
    }
  }
}
