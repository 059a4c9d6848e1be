import AcceleratorModel
import Testing

struct AcceleratorProfileTests {
  @Test func `a profile that does not exist is refused with those that do`() throws {
    #expect(try AcceleratorProfile.named("systolic32") == .systolic32)
    let error = #expect(throws: AcceleratorError.self) {
      try AcceleratorProfile.named("tpu9")
    }
    #expect(error == .unknownProfile(name: "tpu9", known: AcceleratorProfile.all.map(\.name)))
    #expect(error?.description.contains("systolic32, systolic16, vegeta") == true)
  }

  @Test func `sides out of range and arrays of other engines are refused by name`() {
    func refusal(_ name: String, _ value: Int, _ allowed: ClosedRange<Int>) -> AcceleratorError {
      .outOfRange(name: name, value: value, allowed: allowed)
    }
    #expect(throws: refusal("array rows", 0, 1...65536)) {
      try AcceleratorProfile.systolic32.overriding(rows: 0)
    }
    #expect(throws: refusal("array columns", 65537, 1...65536)) {
      try AcceleratorProfile.systolic32.overriding(columns: 65537)
    }
    #expect(throws: AcceleratorError.noArray(profile: "a100", engine: "roofline")) {
      try AcceleratorProfile.a100.overriding(dataflow: .outputStationary)
    }
    #expect(throws: AcceleratorError.onlyWeightStationary(feature: "shadowed")) {
      try AcceleratorProfile.edgeTPU.overriding(dataflow: .best)
    }
  }

  @Test func `overriding changes what is given and keeps the rest`() throws {
    let profile = try AcceleratorProfile.systolic32.overriding(
      rows: 16, dataflow: .outputStationary)
    let array = try SystolicArray(rows: 16, columns: 32, dataflow: .outputStationary)
    #expect(profile.engine == .systolic(array))
    #expect(profile.clockHertz == 1_000_000_000)
    #expect(try AcceleratorProfile.a100.overriding() == .a100)
  }

  @Test func `the hashed text of a profile changes with every parameter`() throws {
    let base = AcceleratorProfile.vegeta
    var others = [base]
    func change(_ edit: (inout AcceleratorProfile) -> Void) {
      var profile = base
      edit(&profile)
      others.append(profile)
    }
    change { $0.clockHertz += 1 }
    change { $0.precision.accumulatorBits += 1 }
    change { $0.levels = .any }
    change { $0.fallback = .error }
    change { $0.storesRequestedLevel = true }
    change { $0.runsDenseWhenFaster = true }
    change { $0.formats = [.bitmap] }
    change { $0.scratch?.outputKibibytes += 1 }
    change { $0.memory.efficiencyMillionths -= 1 }
    change { $0.vector?.operationsPerElement[.gelu] = 9 }
    change { $0.energy = nil }
    change { $0.name = "other" }
    #expect(Set(others.map(\.contentText)).count == others.count)
    // Words about a profile are no part of what it computes.
    var described = base
    described.summary = "words"
    described.sources = [:]
    #expect(described.contentText == base.contentText)
    #expect(base.contentText.hasPrefix(#"{"version":1,"name":"vegeta","engine":"tile""#))
  }

  @Test(arguments: AcceleratorProfile.all)
  func `every parameter of a built-in profile names its source`(
    profile: AcceleratorProfile
  ) {
    let paths = Set(profile.parameters.map(\.path))
    #expect(paths.count > 15)
    #expect(paths.subtracting(profile.sources.keys).sorted() == [])
    #expect(Set(profile.sources.keys).subtracting(paths).sorted() == [])
    #expect(!profile.summary.isEmpty)
  }
}
