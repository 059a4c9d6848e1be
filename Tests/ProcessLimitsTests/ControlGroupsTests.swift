import ProcessLimits
import Testing

struct ControlGroupsTests {
  private static let unified =
    "35 24 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"
  private static let legacy = """
    30 25 0:26 / /sys/fs/cgroup/cpu,cpuacct rw shared:8 - cgroup cgroup rw,cpu,cpuacct
    31 25 0:27 / /sys/fs/cgroup/memory rw shared:9 - cgroup cgroup rw,memory

    """

  private static func groups(_ files: [String: String]) throws -> (Double?, UInt64?) {
    let host = try HostFiles(files)
    let groups = ControlGroups(root: host.root)
    return (groups.processorCount, groups.memoryBytes)
  }

  @Test func `without control groups there is no limit`() throws {
    let (processors, memory) = try Self.groups([:])
    #expect(processors == nil)
    #expect(memory == nil)
  }

  @Test func `a group of version 2 is held to the least limit of those above it`() throws {
    let (processors, memory) = try Self.groups([
      "/proc/self/mountinfo": Self.unified,
      "/proc/self/cgroup": "0::/slurm/job_42/step_0\n",
      "/sys/fs/cgroup/slurm/cpu.max": "1600000 100000\n",
      "/sys/fs/cgroup/slurm/job_42/cpu.max": "250000 100000\n",
      "/sys/fs/cgroup/slurm/job_42/memory.max": "2147483648\n",
      "/sys/fs/cgroup/slurm/job_42/step_0/cpu.max": "max 100000\n",
      "/sys/fs/cgroup/slurm/job_42/step_0/memory.max": "max\n",
    ])
    #expect(processors == 2.5)
    #expect(memory == 2_147_483_648)
  }

  @Test func `a container sees its limits at the root`() throws {
    let (processors, memory) = try Self.groups([
      "/proc/self/mountinfo": Self.unified,
      "/proc/self/cgroup": "0::/\n",
      "/sys/fs/cgroup/cpu.max": "50000 100000\n",
      "/sys/fs/cgroup/memory.max": "536870912\n",
    ])
    #expect(processors == 0.5)
    #expect(memory == 536_870_912)
  }

  @Test func `groups of version 1 have a hierarchy for each controller`() throws {
    let (processors, memory) = try Self.groups([
      "/proc/self/mountinfo": Self.legacy,
      "/proc/self/cgroup": "5:cpu,cpuacct:/batch/a\n4:memory:/batch\n1:name=systemd:/x\n",
      "/sys/fs/cgroup/cpu,cpuacct/batch/a/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu,cpuacct/batch/a/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_quota_us": "300000\n",
      "/sys/fs/cgroup/cpu,cpuacct/batch/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      "/sys/fs/cgroup/memory/batch/memory.limit_in_bytes": "1073741824\n",
    ])
    #expect(processors == 3)
    #expect(memory == 1_073_741_824)
  }

  @Test func `a container without name spaces of its own finds its limits at the mount`() throws {
    let mounts = """
      30 25 0:26 /docker/f00 /sys/fs/cgroup/cpu ro - cgroup cgroup rw,cpu
      31 25 0:27 /docker/f00 /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory

      """
    let (processors, memory) = try Self.groups([
      "/proc/self/mountinfo": mounts,
      "/proc/self/cgroup": "5:cpu:/docker/f00\n4:memory:/kubepods/other\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000\n",
      "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "268435456\n",
    ])
    #expect(processors == 2)
    #expect(memory == 268_435_456)
  }

  @Test(arguments: ["", "max", "0 0", "-5 100000", "a b", "100000", "1 2 3"])
  func `what is no quota limits nothing`(text: String) throws {
    let (processors, _) = try Self.groups([
      "/proc/self/mountinfo": Self.unified, "/proc/self/cgroup": "0::/\n",
      "/sys/fs/cgroup/cpu.max": text,
    ])
    #expect(processors == nil)
  }
}
