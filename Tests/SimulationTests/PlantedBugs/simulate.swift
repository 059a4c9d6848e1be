// Runs the simulator over a range of seeds: usage: simulate FIRST LAST.
//
// Prints the first broken seed and ends with 1; prints one digest over all seeds and ends with 0.
import Simulation

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

@main
struct Simulate {
  static func main() {
    let bounds = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
    guard bounds.count == 2, bounds[0] <= bounds[1] else {
      print("usage: simulate FIRST LAST")
      exit(2)
    }
    var digests: [UInt8] = Array(repeating: 0, count: 32)
    for seed in bounds[0]...bounds[1] {
      let report = Simulator.run(seed: seed)
      guard report.isGreen else {
        print(report)
        exit(1)
      }
      for (index, byte) in report.digest.bytes.enumerated() {
        digests[index] = digests[index] &* 31 &+ byte
      }
    }
    print(digests)
  }
}
