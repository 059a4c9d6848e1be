import ProcessLimits
import Testing

struct AllowedTests {
  private static func processors(
    online: Int = 64, affinity: Int? = nil, quota: Double? = nil, task: String? = nil
  ) -> AllowedProcessors {
    AllowedProcessors(
      online: online, affinity: affinity, quota: quota,
      environment: task.map { [AllowedProcessors.slurmVariable: $0] } ?? [:])
  }

  @Test func `without limits all processors count`() {
    #expect(Self.processors().count == 64)
    #expect(Self.processors().limit == nil)
    #expect(Self.processors(online: 0).count == 1)
  }

  @Test func `the least limit decides and is named`() {
    let pinned = Self.processors(affinity: 1, quota: 8, task: "16")
    #expect(pinned.count == 1)
    #expect(pinned.limit?.contains("affinity") == true)
    let held = Self.processors(affinity: 32, quota: 2.5, task: "16")
    #expect(held.count == 3)
    #expect(held.limit?.contains("quota") == true)
    let given = Self.processors(affinity: 32, quota: 40, task: "16")
    #expect(given.count == 16)
    #expect(given.limit == "SLURM_CPUS_PER_TASK")
  }

  @Test(arguments: ["", "0", "-2", "many", "128"])
  func `what Slurm says counts only if it is fewer`(task: String) {
    #expect(Self.processors(task: task).count == 64)
  }

  @Test func `a part of a processor is one`() {
    #expect(Self.processors(quota: 0.1).count == 1)
  }

  @Test func `the affinity is a mask of bits`() {
    let status = "Name:\telsa\nCpus_allowed:\tf,00000000,80000001\nCpus_allowed_list:\t0,31\n"
    #expect(AllowedProcessors.affinityCount(status: status) == 6)
    #expect(AllowedProcessors.affinityCount(status: "Name:\telsa\n") == nil)
    #expect(AllowedProcessors.affinityCount(status: "Cpus_allowed:\t0\n") == nil)
    #expect(AllowedProcessors.affinityCount(status: "Cpus_allowed:\tx\n") == nil)
  }

  @Test func `a limit of memory counts if it is less than there is`() {
    let memory = AllowedMemory(physical: 100, limit: 50)
    #expect(memory.bytes == 50)
    #expect(memory.isLimited)
    for limit in [nil, 100, 200] as [UInt64?] {
      #expect(AllowedMemory(physical: 100, limit: limit).bytes == 100)
      #expect(!AllowedMemory(physical: 100, limit: limit).isLimited)
    }
  }

  @Test func `this process may use a processor and some memory`() {
    #expect(AllowedProcessors.current.count >= 1)
    #expect(AllowedMemory.current.bytes > 1 << 20)
  }
}
