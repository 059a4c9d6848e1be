import AcceleratorModel
import Testing

struct AcceleratorProfileTests {
  @Test func `a profile that does not exist is refused with those that do`() throws {
    #expect(try AcceleratorProfile.named("systolic32") == .systolic32)
    let error = #expect(throws: AcceleratorError.self) {
      try AcceleratorProfile.named("vegeta")
    }
    #expect(error == .unknownProfile(name: "vegeta", known: ["systolic32"]))
    #expect(
      error?.description
        == "no accelerator profile is named 'vegeta'; choose one of: systolic32")
  }

  @Test func `sides and clocks out of range are refused by name`() {
    func refusal(_ name: String, _ value: Int, _ allowed: ClosedRange<Int>) -> AcceleratorError {
      .outOfRange(name: name, value: value, allowed: allowed)
    }
    #expect(throws: refusal("array rows", 0, 1...65536)) {
      try AcceleratorProfile.systolic32.overriding(rows: 0)
    }
    #expect(throws: refusal("array columns", 65537, 1...65536)) {
      try AcceleratorProfile.systolic32.overriding(columns: 65537)
    }
    #expect(throws: refusal("clock in hertz", -1, AcceleratorProfile.clockHertzRange)) {
      try AcceleratorProfile(
        name: "x", rows: 1, columns: 1, dataflow: .outputStationary, clockHertz: -1)
    }
  }

  @Test func `overriding changes what is given and keeps the rest`() throws {
    let profile = try AcceleratorProfile.systolic32.overriding(
      rows: 16, dataflow: .outputStationary)
    #expect((profile.rows, profile.columns) == (16, 32))
    #expect(profile.dataflow == .outputStationary)
    #expect(profile.clockHertz == 1_000_000_000)
  }

  @Test func `the hashed text of a profile is fixed and names every parameter`() throws {
    #expect(
      AcceleratorProfile.systolic32.contentText
        == "accelerator-1;name=systolic32;engine=systolic;rows=32;columns=32;dataflow=ws;"
        + "clockHertz=1000000000")
    let others = [
      try AcceleratorProfile.systolic32.overriding(rows: 16),
      try AcceleratorProfile.systolic32.overriding(columns: 16),
      try AcceleratorProfile.systolic32.overriding(dataflow: .inputStationary),
    ]
    #expect(Set((others + [.systolic32]).map(\.contentText)).count == 4)
  }
}
