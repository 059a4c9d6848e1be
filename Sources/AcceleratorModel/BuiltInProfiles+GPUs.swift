import NetworkArchitectures
import SparsityCore

extension AcceleratorProfile {
  /// NVIDIA A100 SXM 80 GB.
  package static let a100 = gpu(
    GPU(
      name: "a100", product: "NVIDIA A100 SXM 80 GB", clockHertz: 1_410_000_000,
      denseTeraflops: 312, sparseTeraflops: 624, denseEfficiency: 730_000,
      sparseEfficiency: 420_000, sparseLaunchNanoseconds: 20_000,
      bytesPerSecond: 2_039_000_000_000, capacityBytes: 80_000_000_000, lanes: 6_912,
      idleWatts: 60, peakWatts: 400,
      rateSource: "NVIDIA A100 data sheet: 312 and 624 fp16 TFLOPS",
      sparseRateSource: "NVIDIA A100 data sheet: 312 and 624 fp16 TFLOPS",
      efficiencySource: "fitted to cuSPARSELt at 4096³, CUDALibrarySamples#57",
      memorySource: "NVIDIA A100 data sheet", otherSource: "NVIDIA A100 data sheet"))

  /// NVIDIA H100 SXM.
  package static let h100 = gpu(
    GPU(
      name: "h100", product: "NVIDIA H100 SXM", clockHertz: 1_830_000_000,
      denseTeraflops: 989.4, sparseTeraflops: 1_978.9, denseEfficiency: 730_000,
      sparseEfficiency: 442_000, sparseLaunchNanoseconds: 20_000,
      bytesPerSecond: 3_350_000_000_000, capacityBytes: 80_000_000_000, lanes: 16_896,
      idleWatts: 100, peakWatts: 700,
      rateSource: "NVIDIA H100 data sheet: 989.4 bf16 TFLOPS",
      sparseRateSource: "recalled, not re-read: NVIDIA H100 data sheet, 1,978.9 bf16 TFLOPS",
      efficiencySource: "assumption: dense as A100; sparse for 1.21× at 8192, "
        + "CUDALibrarySamples#203",
      memorySource: "NVIDIA H100 data sheet", otherSource: "recalled, not re-read"))

  /// NVIDIA H200 SXM.
  package static let h200 = gpu(
    GPU(
      name: "h200", product: "NVIDIA H200 SXM", clockHertz: 1_830_000_000,
      denseTeraflops: 989.4, sparseTeraflops: 1_978.9, denseEfficiency: 730_000,
      sparseEfficiency: 442_000, sparseLaunchNanoseconds: 20_000,
      bytesPerSecond: 4_800_000_000_000, capacityBytes: 141_000_000_000, lanes: 16_896,
      idleWatts: 100, peakWatts: 700,
      rateSource: "NVIDIA H200 data sheet: 989.4 bf16 TFLOPS",
      sparseRateSource: "recalled, not re-read: as H100",
      efficiencySource: "assumption: as H100; no measurement of an H200 was found",
      memorySource: "NVIDIA H200 data sheet", otherSource: "recalled, not re-read"))

  /// AMD MI300X.
  package static let mi300x = gpu(
    GPU(
      name: "mi300x", product: "AMD MI300X", clockHertz: 2_100_000_000,
      denseTeraflops: 1_307.4, sparseTeraflops: 2_614.9, denseEfficiency: 370_000,
      sparseEfficiency: 225_000, denseLaunchNanoseconds: 3_000, sparseLaunchNanoseconds: 7_000,
      memoryEfficiency: 1_000_000,
      bytesPerSecond: 5_300_000_000_000, capacityBytes: 192_000_000_000, lanes: 19_456,
      idleWatts: 140, peakWatts: 750,
      rateSource: "recalled, not re-read: AMD MI300X data sheet",
      sparseRateSource: "recalled, not re-read: AMD MI300X data sheet",
      efficiencySource: "fitted to hipSPARSELt and hipBLASLt, pytorch#150578",
      launchSource: "fitted to hipSPARSELt and hipBLASLt, pytorch#150578",
      memorySource: "recalled, not re-read: AMD MI300X data sheet",
      otherSource: "recalled, not re-read"))

  /// What the profiles of GPUs differ in.
  private struct GPU {
    let name: String
    let product: String
    let clockHertz: Int
    let denseTeraflops: Double
    let sparseTeraflops: Double
    let denseEfficiency: Int
    let sparseEfficiency: Int
    var denseLaunchNanoseconds = 5_000
    let sparseLaunchNanoseconds: Int
    var memoryEfficiency = 800_000
    let bytesPerSecond: Int
    let capacityBytes: Int
    let lanes: Int
    let idleWatts: Int
    let peakWatts: Int
    let rateSource: String
    let sparseRateSource: String
    let efficiencySource: String
    var launchSource: String?
    let memorySource: String
    let otherSource: String
  }

  private static func gpu(_ gpu: GPU) -> AcceleratorProfile {
    let sparse = patterns(["2:4"])[0]
    let rates = [
      LevelRate(
        pattern: sparse, operationsPerSecond: Int(gpu.sparseTeraflops * 1e12),
        efficiencyMillionths: gpu.sparseEfficiency,
        launchNanoseconds: gpu.sparseLaunchNanoseconds),
      LevelRate(
        pattern: .dense, operationsPerSecond: Int(gpu.denseTeraflops * 1e12),
        efficiencyMillionths: gpu.denseEfficiency, launchNanoseconds: gpu.denseLaunchNanoseconds),
    ]
    let roofline: Roofline
    do {
      roofline = try Roofline(rates: rates, waves: nil)
    } catch {
      preconditionFailure("\(gpu.name): \(error)")
    }
    return AcceleratorProfile(
      name: gpu.name,
      summary: "\(gpu.product) in fp16: peak rates and the share that kernels reach; 2:4 only.",
      clockHertz: gpu.clockHertz, engine: .roofline(roofline),
      precision: OperandWidths(
        weightBits: 16, activationBits: 16, accumulatorBits: 32, outputBits: 16),
      levels: roofline.levels, formats: [.index], scratch: nil,
      memory: ExternalMemory(
        bytesPerSecond: gpu.bytesPerSecond, efficiencyMillionths: gpu.memoryEfficiency,
        capacityBytes: gpu.capacityBytes),
      vector: VectorUnit(
        lanes: gpu.lanes, overlapMillionths: 0,
        operationsPerElement: [.bias: 0, .requantize: 0]),
      energy: .power(
        idleMicrowatts: gpu.idleWatts * millionths, peakMicrowatts: gpu.peakWatts * millionths),
      sources: sources(of: gpu))
  }

  private static func sources(of gpu: GPU) -> [String: String] {
    let fused = "assumption: fused into the product"
    return vectorSources.merging([
      "clockHz": gpu.otherSource,
      "precision.weightBits": "fp16", "precision.actBits": "fp16", "precision.accBits": "fp32",
      "precision.outBits": "fp16",
      "levels.2:4.peakOpsPerSecond": gpu.sparseRateSource,
      "levels.2:4.efficiency": gpu.efficiencySource,
      "levels.2:4.launchOverheadNs": gpu.launchSource
        ?? "assumption: compressed operands take longer to start; "
        + "a call without cached descriptors takes hundreds of µs (pytorch#177866)",
      "levels.4:4.peakOpsPerSecond": gpu.rateSource,
      "levels.4:4.efficiency": gpu.efficiencySource,
      "levels.4:4.launchOverheadNs": gpu.launchSource ?? "assumption: 5 µs a kernel",
      "fallback": "sparser patterns are stored and run as 2:4, others as dense",
      "storesRequestedLevel": "the library stores 2:4",
      "runsDenseWhenFaster": "assumption: a layer runs as it was pruned, so that a slow-down shows",
      "storage": "two bits a kept weight",
      "dram.bytesPerSecond": gpu.memorySource, "dram.efficiency": gpu.launchSource ?? "assumption",
      "dram.capacityBytes": gpu.memorySource,
      "vector.lanes": gpu.otherSource, "vector.opsPerElement.bias": fused,
      "vector.opsPerElement.requantize": fused,
      "vector.overlap": "assumption: every function is a kernel of its own",
      "energy.idleW": "assumption", "energy.peakW": gpu.memorySource,
    ]) { $1 }
  }
}
