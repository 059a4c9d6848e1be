import CoordinatorService
import Testing

@Suite struct BindAddressTests {
  @Test(arguments: [
    "tcp://127.0.0.1:0", "tcp://127.8.9.1:5555", "tcp://localhost:*", "tcp://[::1]:7",
  ])
  func `only this machine reaches a loopback address`(endpoint: String) throws {
    #expect(try BindAddress(endpoint).isLoopback)
  }

  @Test(arguments: [
    "tcp://*:5555", "tcp://0.0.0.0:0", "tcp://192.168.1.2:1", "tcp://127.example.org:1",
    "tcp://node07:1", "tcp://127.0.0.1.evil.org:1", "tcp://[::]:1", "tcp://1270.0.0.1:1",
  ])
  func `everything else may be reached by others`(endpoint: String) throws {
    #expect(try !BindAddress(endpoint).isLoopback)
  }

  @Test(arguments: [
    "", "127.0.0.1:5555", "udp://127.0.0.1:1", "tcp://", "tcp://host", "tcp://:5", "tcp://host:",
    "tcp://host:99999", "tcp://host:-1", "ipc:///tmp/socket",
  ])
  func `what is no address of ours is refused`(endpoint: String) {
    #expect(throws: CoordinatorServiceError.unsupportedEndpoint(endpoint)) {
      try BindAddress(endpoint)
    }
  }

  @Test func `a wildcard is written out for workers, the likeliest address first`() throws {
    let address = try BindAddress("tcp://0.0.0.0:5555")
    let endpoints = address.reachableEndpoints(
      hostName: "node07", interfaces: ["10.0.0.7", "192.168.1.7"])
    #expect(
      endpoints == [
        "tcp://10.0.0.7:5555", "tcp://192.168.1.7:5555", "tcp://node07:5555",
        "tcp://127.0.0.1:5555",
      ])
    let fixed = try BindAddress("tcp://10.0.0.7:5555")
    #expect(fixed.reachableEndpoints(hostName: "n", interfaces: ["a"]) == ["tcp://10.0.0.7:5555"])
  }

  @Test func `interface addresses are not loopback`() throws {
    for address in BindAddress.interfaceAddresses() {
      #expect(address.split(separator: ".").count == 4)
      #expect(try !BindAddress("tcp://\(address):1").isLoopback)
    }
  }
}
