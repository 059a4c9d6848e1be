import NetworkArchitectures
import SparsityCore

extension AcceleratorProfile {
  /// A 32×32 weight-stationary array at 1 GHz that never waits, as SCALE-Sim has it.
  package static let systolic32 = systolic(side: 32)

  /// A 16×16 weight-stationary array at 1 GHz that never waits, as SCALE-Sim has it.
  package static let systolic16 = systolic(side: 16)

  /// The profiles that have a name, in the order in which they are listed to users.
  package static let all = [
    systolic32, systolic16, vegeta, s2ta, edgeTPU, a100, h100, h200, mi300x,
  ]

  private static func systolic(side: Int) -> AcceleratorProfile {
    AcceleratorProfile(
      name: "systolic\(side)",
      summary: "A \(side)×\(side) systolic array of int8 MACs that never waits for memory; "
        + "equals SCALE-Sim 3.0.0 in CALC mode, matrix products only.",
      clockHertz: 1_000_000_000, engine: .systolic(array(rows: side, columns: side)),
      precision: OperandWidths(
        weightBits: 8, activationBits: 8, accumulatorBits: 32, outputBits: 8),
      levels: .any, formats: [.index],
      scratch: ScratchMemory(
        weightKibibytes: 256, inputKibibytes: 256, outputKibibytes: 256, isDoubleBuffered: true),
      memory: ExternalMemory(bytesPerSecond: nil), energy: .perAction(energies45),
      sources: energySources45.merging([
        "clockHz": "assumption: SCALE-Sim counts cycles, not seconds",
        "array.rows": "SCALE-Sim 3.0.0 configuration of data/scalesim",
        "array.columns": "SCALE-Sim 3.0.0 configuration of data/scalesim",
        "array.dataflow": "SCALE-Sim 3.0.0 configuration of data/scalesim",
        "array.shadowed": "SCALE-Sim 3.0.0: folds never overlap",
        "array.rowWise": "SCALE-Sim 3.0.0 layer-wise mode",
        "precision.weightBits": "SCALE-Sim 3.0.0: a word is one byte",
        "precision.actBits": "SCALE-Sim 3.0.0: a word is one byte",
        "precision.accBits": "assumption: int32 partial sums",
        "precision.outBits": "SCALE-Sim 3.0.0: a word is one byte",
        "levels": "SCALE-Sim 3.0.0 layer-wise sparsity takes any N:M",
        "fallback": "no pattern falls back",
        "storesRequestedLevel": "no pattern falls back",
        "runsDenseWhenFaster": "sparse never is slower",
        "storage": "SCALE-Sim 3.0.0 ELLPACK-block",
        "sram.weightsKiB": "SCALE-Sim 3.0.0 configuration of data/scalesim",
        "sram.ifmapKiB": "SCALE-Sim 3.0.0 configuration of data/scalesim",
        "sram.ofmapKiB": "SCALE-Sim 3.0.0 configuration of data/scalesim",
        "sram.doubleBuffered": "SCALE-Sim 3.0.0",
        "dram.bytesPerSecond": "SCALE-Sim 3.0.0 CALC mode is free of stalls",
        "dram.efficiency": "SCALE-Sim 3.0.0 CALC mode is free of stalls",
      ]) { $1 })
  }

  /// The tile engine of VEGETA with the patterns of the ELSA paper.
  package static let vegeta = AcceleratorProfile(
    name: "vegeta",
    summary: "A VEGETA-like CPU matrix engine of 512 bf16 MACs for 4:4, 2:4 and 1:4 tiles.",
    clockHertz: 500_000_000,
    engine: .tile(
      TileEngine(
        tokens: 16, inputs: 32, outputs: 16, cyclesPerTile: 16, fillCycles: 32,
        operandBytesPerCycle: 288)),
    precision: OperandWidths(
      weightBits: 16, activationBits: 16, accumulatorBits: 32, outputBits: 16),
    levels: .only(patterns(["1:4", "2:4"])), formats: [.index],
    scratch: ScratchMemory(
      weightKibibytes: 1024, inputKibibytes: 768, outputKibibytes: 256, isDoubleBuffered: false),
    memory: ExternalMemory(bytesPerSecond: 94_000_000_000),
    vector: VectorUnit(lanes: 128, overlapMillionths: 0, operationsPerElement: [.requantize: 1]),
    energy: .perAction(energiesHalfPrecision),
    sources: energySourcesHalfPrecision.merging(vectorSources) { $1 }.merging([
      "clockHz": "recalled from HPCA'23 (arXiv 2302.08687), not re-read: engine at a quarter of "
        + "a 2 GHz core",
      "tile.tokens": "recalled from arXiv 2302.08687, not re-read: 16×16 output tiles",
      "tile.inputs": "recalled from arXiv 2302.08687, not re-read: 32 effectual inputs",
      "tile.outputs": "recalled from arXiv 2302.08687, not re-read: 16×16 output tiles",
      "tile.cyclesPerTile": "recalled from arXiv 2302.08687, not re-read: 8,192 MACs on 512 units",
      "tile.fillCycles": "assumption: the depth of a 32-row array",
      "tile.operandBytesPerCycle": "fitted to the published 3.74× at 1:4 over 1.09× dense "
        + "(arXiv 2302.08687)",
      "precision.weightBits": "bf16 (arXiv 2302.08687)",
      "precision.actBits": "bf16 (arXiv 2302.08687)",
      "precision.accBits": "fp32 (arXiv 2302.08687)",
      "precision.outBits": "assumption: bf16 activations",
      "levels.1:4": "arXiv 2302.08687", "levels.2:4": "arXiv 2302.08687",
      "fallback": "a tile of fewer weights fits into a denser one",
      "storesRequestedLevel": "assumption: tiles are stored as they are loaded",
      "runsDenseWhenFaster": "assumption: a layer runs as it was pruned",
      "storage": "arXiv 2302.08687: two bits a nonzero",
      "sram.weightsKiB": "assumption: half of a 2 MiB second-level cache",
      "sram.ifmapKiB": "assumption: three eighths of a 2 MiB second-level cache",
      "sram.ofmapKiB": "assumption: an eighth of a 2 MiB second-level cache",
      "sram.doubleBuffered": "assumption: a cache has no halves, prefetching is not counted",
      "dram.bytesPerSecond": "assumption: a core's share of 94 GB/s",
      "dram.efficiency": "assumption: included in the rate",
      "vector.lanes": "assumption: two 512-bit fp32 units at 2 GHz",
    ]) { $1 })

  /// The density-bound-block array of S2TA.
  package static let s2ta = AcceleratorProfile(
    name: "s2ta",
    summary: "An S2TA-like array of 2,048 int8 MACs for N:8 weights.",
    clockHertz: 1_000_000_000, engine: .systolic(array(rows: 32, columns: 64)),
    precision: OperandWidths(
      weightBits: 8, activationBits: 8, accumulatorBits: 32, outputBits: 8),
    levels: .only(patterns(["1:8", "2:8", "3:8", "4:8"])), formats: [.bitmap],
    scratch: ScratchMemory(
      weightKibibytes: 512, inputKibibytes: 1024, outputKibibytes: 1024, isDoubleBuffered: true),
    memory: ExternalMemory(bytesPerSecond: 25_600_000_000, efficiencyMillionths: 800_000),
    vector: VectorUnit(lanes: 64, overlapMillionths: 500_000),
    energy: .perAction(energies45),
    sources: energySources45.merging(vectorSources) { $1 }.merging([
      "clockHz": "arXiv 2107.07983: 16 nm at 1 GHz",
      "array.rows": "assumption: 2,048 MACs as 32×64",
      "array.columns": "assumption: 2,048 MACs as 32×64",
      "array.dataflow": "assumption: weights stay",
      "array.shadowed": "assumption: folds do not overlap",
      "array.rowWise": "N is the same for a whole layer",
      "precision.weightBits": "arXiv 2107.07983: int8",
      "precision.actBits": "arXiv 2107.07983: int8",
      "precision.accBits": "assumption: int32 partial sums",
      "precision.outBits": "arXiv 2107.07983: int8",
      "levels.1:8": "recalled from arXiv 2107.07983, not re-read",
      "levels.2:8": "recalled from arXiv 2107.07983, not re-read",
      "levels.3:8": "recalled from arXiv 2107.07983, not re-read",
      "levels.4:8": "recalled from arXiv 2107.07983, not re-read: twice the dense rate",
      "fallback": "a block of fewer weights fits into a denser one",
      "storesRequestedLevel": "assumption: blocks are stored as they run",
      "runsDenseWhenFaster": "assumption: a layer runs as it was pruned",
      "storage": "arXiv 2107.07983: a bit mask a block",
      "sram.weightsKiB": "recalled from arXiv 2107.07983, not re-read: 0.5 MiB",
      "sram.ifmapKiB": "assumption: half of 2 MiB for activations",
      "sram.ofmapKiB": "assumption: half of 2 MiB for activations",
      "sram.doubleBuffered": "assumption",
      "dram.bytesPerSecond": "assumption: 64-bit LPDDR4-3200",
      "dram.efficiency": "assumption",
      "vector.lanes": "assumption: one lane a column",
    ]) { $1 })

  /// An accelerator without N:M: the control.
  package static let edgeTPU = AcceleratorProfile(
    name: "edge-tpu",
    summary: "An Edge-TPU-like 64×64 int8 array without N:M, fed over USB 3: the control. Weights "
      + "pass the link for every batch, so models of a few MiB are estimated too slow.",
    clockHertz: 480_000_000,
    engine: .systolic(array(rows: 64, columns: 64, isShadowed: true)),
    precision: OperandWidths(
      weightBits: 8, activationBits: 8, accumulatorBits: 32, outputBits: 8),
    levels: .only([]), formats: [.dense],
    scratch: ScratchMemory(
      weightKibibytes: 8192, inputKibibytes: 1024, outputKibibytes: 1024,
      isDoubleBuffered: true),
    memory: ExternalMemory(bytesPerSecond: 625_000_000, efficiencyMillionths: 800_000),
    vector: VectorUnit(lanes: 64, overlapMillionths: 500_000),
    energy: .power(idleMicrowatts: 500_000, peakMicrowatts: 2_000_000),
    sources: vectorSources.merging([
      "clockHz": "recalled, not published: 480 MHz on 64×64 gives 3.93 of the 4 TOPS of coral.ai",
      "array.rows": "recalled, not published: 64×64",
      "array.columns": "recalled, not published: 64×64",
      "array.dataflow": "assumption: weights stay, as in the TPU",
      "array.shadowed": "assumption: weights load behind the computation, as in the TPU",
      "array.rowWise": "no N:M",
      "precision.weightBits": "coral.ai: int8", "precision.actBits": "coral.ai: int8",
      "precision.accBits": "assumption: int32 partial sums",
      "precision.outBits": "coral.ai: int8",
      "levels": "no N:M is documented: every pattern runs as dense",
      "fallback": "every pattern runs as dense",
      "storesRequestedLevel": "assumption: nothing decompresses weights",
      "runsDenseWhenFaster": "every pattern runs as dense",
      "storage": "every pattern is stored as dense",
      "sram.weightsKiB": "recalled, not published: about 8 MiB for parameters",
      "sram.ifmapKiB": "assumption", "sram.ofmapKiB": "assumption",
      "sram.doubleBuffered": "assumption",
      "dram.bytesPerSecond": "coral.ai USB accelerator: 5 Gb/s USB 3.0",
      "dram.efficiency": "assumption",
      "vector.lanes": "assumption: one lane a column",
      "energy.idleW": "assumption",
      "energy.peakW": "coral.ai: 4 TOPS at 2 TOPS/W",
    ]) { $1 })
}

// MARK: - What profiles share

extension AcceleratorProfile {
  static func array(rows: Int, columns: Int, isShadowed: Bool = false) -> SystolicArray {
    do {
      return try SystolicArray(
        rows: rows, columns: columns, dataflow: .weightStationary, isShadowed: isShadowed)
    } catch {
      preconditionFailure("a built-in array: \(error)")
    }
  }

  static func patterns(_ texts: [String]) -> [NMPattern] {
    texts.map { text in
      guard let pattern = NMPattern(text) else { preconditionFailure("\(text) is no pattern") }
      return pattern
    }
  }

  /// The sources of the operations that a vector unit takes.
  static let vectorSources = Dictionary(
    uniqueKeysWithValues: VectorFunction.allCases.map {
      ("vector.opsPerElement.\($0.rawValue)", "assumption: usual instruction counts")
    } + [("vector.overlap", "assumption")])

  /// Energies of int8 actions at 45 nm with LPDDR4.
  static let energies45 = ActionEnergies(
    mac: 560_800, mux: 0, gatedMac: 17_980, weightRead: 640_789, inputRead: 640_789,
    outputRead: 640_789, metadataRead: 404_211, outputWrite: 613_828, externalBit: 8_000_000,
    vectorOperation: 100_000, staticMicrowatts: 0)

  /// The sources of ``energies45``.
  static let energySources45 = energySources(
    mac: "45 nm int8 MAC, \(table)", vector: "45 nm int32 add, Horowitz ISSCC'14",
    memory: "45 nm SRAM of 256 KiB, \(table)")

  /// Energies of fp16 actions at 45 nm with a 1 MiB cache and LPDDR4.
  static let energiesHalfPrecision = ActionEnergies(
    mac: 1_500_000, mux: 0, gatedMac: 17_980, weightRead: 1_562_500, inputRead: 1_562_500,
    outputRead: 1_562_500, metadataRead: 1_562_500, outputWrite: 1_562_500,
    externalBit: 8_000_000, vectorOperation: 900_000, staticMicrowatts: 0)

  /// The sources of ``energiesHalfPrecision``.
  static let energySourcesHalfPrecision = energySources(
    mac: "45 nm fp16 multiply and add, Horowitz ISSCC'14",
    vector: "45 nm fp32 add, Horowitz ISSCC'14",
    memory: "45 nm cache of 1 MB, Horowitz ISSCC'14")

  /// Where the energies of the sparse tensor core stand.
  private static let table = "Accelergy reference table of timeloop's sparse_tensor_core_like"

  private static func energySources(
    mac: String, vector: String, memory: String
  ) -> [String: String] {
    var sources = [
      "energy.macPJ": mac, "energy.gatedMacPJ": "45 nm gated int8 MAC, \(table)",
      "energy.muxPJ": "assumption: not published, counted as nothing",
      "energy.dramPJPerBit": "45 nm LPDDR4, \(table)",
      "energy.vectorOpPJ": vector,
      "energy.staticW": "assumption: not published, counted as nothing",
    ]
    for name in ["weightRead", "ifmapRead", "ofmapRead", "metadataRead", "ofmapWrite"] {
      sources["energy.\(name)PJPerBit"] = memory
    }
    return sources
  }
}
