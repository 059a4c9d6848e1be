// swift-tools-version: 6.2
import PackageDescription

let swiftSettings: [SwiftSetting] = [
  .swiftLanguageMode(.v6),
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
]

let cSettings: [CSetting] = [.treatAllWarnings(as: .error)]

/// One of Elsa's Swift targets.
func target(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

/// One of the Swift targets that measure Elsa.
func benchmarks(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Sources/Benchmarks/\(name)",
    swiftSettings: swiftSettings)
}

/// The tests of the target `name`.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(name: "\(name)Tests", dependencies: dependencies, swiftSettings: swiftSettings)
}

let argumentParser: Target.Dependency = .product(
  name: "ArgumentParser", package: "swift-argument-parser")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")

let package = Package(
  name: "elsa",
  products: [.executable(name: "elsa", targets: ["elsa"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
  ],
  targets: [
    // Layer 0: values and C.
    target("SparsityCore"),
    .target(name: "CSparseKernels", cSettings: cSettings),
    .target(name: "CDemoData", exclude: ["data"], cSettings: cSettings),
    .systemLibrary(name: "CZeroMQ"),
    .systemLibrary(name: "CLAPACK"),
    .systemLibrary(name: "COneDNN"),
    .systemLibrary(name: "CTurboJPEG"),
    .systemLibrary(name: "CPNG"),
    .systemLibrary(name: "CSodium"),
    .systemLibrary(name: "CProcessLimits"),
    .plugin(
      name: "NameCommit", capability: .buildTool(), path: "Sources/NameCommit",
      exclude: ["name-commit"]),
    .target(name: "ProgramVersion", swiftSettings: swiftSettings, plugins: ["NameCommit"]),

    // Layer 1: pure building blocks.
    target("NetworkArchitectures", ["SparsityCore"]),
    target("ContentHashing", ["SparsityCore", "CSodium"]),
    target("SparseKernels", ["SparsityCore", "CSparseKernels"]),
    target("LinearAlgebra", ["SparsityCore", "CLAPACK", "COneDNN"]),
    target("EvolutionarySearch", ["SparsityCore"]),
    target("AcceleratorModel", ["SparsityCore", "NetworkArchitectures"]),
    .target(
      name: "WireProtocol", dependencies: ["SparsityCore", protobuf], exclude: ["Protocol"],
      swiftSettings: swiftSettings),

    // Layer 2: pure machines.
    target(
      "VisionTransformers",
      ["SparsityCore", "NetworkArchitectures", "SparseKernels", "LinearAlgebra"]),
    target("Pruning", ["SparsityCore", "ContentHashing", "LinearAlgebra", "SparseKernels"]),
    target(
      "Coordination",
      ["SparsityCore", "ContentHashing", "EvolutionarySearch", "AcceleratorModel", "WireProtocol"]),
    target(
      "Simulation",
      [
        "SparsityCore", "NetworkArchitectures", "ContentHashing", "AcceleratorModel",
        "Coordination", "EvolutionarySearch", "WireProtocol",
      ]),

    // Layer 3: files, sockets, threads.
    target("TextReports"),
    target("ProcessLimits", ["CProcessLimits"]),
    target("ZeroMQ", ["CZeroMQ"]),
    target("ModelFiles", ["SparsityCore", "NetworkArchitectures", "ContentHashing"]),
    // Yams brings libyaml, whose events RunFiles reads.
    target(
      "RunFiles",
      [
        "SparsityCore", "NetworkArchitectures", "EvolutionarySearch", "AcceleratorModel",
        "ModelFiles", yams,
      ]),
    target(
      "ImageData",
      [
        "SparsityCore", "NetworkArchitectures", "ContentHashing", "ModelFiles", "CTurboJPEG",
        "CPNG",
      ]),
    target(
      "RunStorage", ["SparsityCore", "ContentHashing", "WireProtocol", "ModelFiles", grdb]),
    target(
      "Evaluation",
      [
        "SparsityCore", "NetworkArchitectures", "ContentHashing", "VisionTransformers",
        "Pruning", "SparseKernels", "LinearAlgebra", "ModelFiles", "ImageData",
      ]),
    target(
      "RunPreparation",
      [
        "SparsityCore", "NetworkArchitectures", "ContentHashing", "EvolutionarySearch",
        "AcceleratorModel", "WireProtocol", "Pruning", "Coordination", "TextReports",
        "ProcessLimits", "ModelFiles", "RunFiles", "ImageData", "RunStorage", "Evaluation",
      ]),
    target(
      "RunReports",
      [
        "SparsityCore", "NetworkArchitectures", "EvolutionarySearch", "AcceleratorModel",
        "WireProtocol", "Pruning", "Coordination", "TextReports", "ProcessLimits", "ModelFiles",
        "RunFiles", "ImageData", "RunStorage", "Evaluation", "RunPreparation",
      ]),
    target(
      "CoordinatorService",
      [
        "SparsityCore", "ContentHashing", "Coordination", "WireProtocol", "EvolutionarySearch",
        "ZeroMQ", "RunStorage", "ProcessLimits", logging,
      ]),
    target(
      "WorkerService",
      [
        "SparsityCore", "Coordination", "WireProtocol", "AcceleratorModel", "ZeroMQ",
        "RunFiles", "RunStorage", "Evaluation", "ImageData", "ModelFiles", "Pruning",
        "ProcessLimits",
      ]),

    .target(
      name: "ExternalEvaluation",
      dependencies: [
        "SparsityCore", "Coordination", "WireProtocol", "AcceleratorModel", "WorkerService",
        "RunFiles", "Evaluation", "ModelFiles",
      ],
      exclude: ["Examples"], swiftSettings: swiftSettings),

    // Layer 4: measurements and the program.
    .target(
      name: "CPeakKernels", path: "Sources/Benchmarks/CPeakKernels", cSettings: cSettings),
    benchmarks(
      "InferenceBenchmarks",
      [
        "SparsityCore", "NetworkArchitectures", "ContentHashing", "SparseKernels",
        "LinearAlgebra", "VisionTransformers", "Pruning", "Evaluation", "ImageData",
        "ModelFiles", "CPeakKernels",
      ]),
    benchmarks("SearchBenchmarks", ["SparsityCore", "EvolutionarySearch"]),
    benchmarks(
      "CoordinatorBenchmarks",
      [
        "SparsityCore", "NetworkArchitectures", "ContentHashing", "EvolutionarySearch",
        "AcceleratorModel", "WireProtocol", "Coordination", "ZeroMQ", "RunStorage",
        "CoordinatorService", "WorkerService", "ProcessLimits",
      ]),
    .executableTarget(
      name: "elsa",
      dependencies: [
        "SparsityCore", "NetworkArchitectures", "ContentHashing", "EvolutionarySearch",
        "AcceleratorModel", "WireProtocol", "VisionTransformers", "Pruning", "Coordination",
        "Simulation", "ZeroMQ",
        "RunFiles", "ModelFiles", "ImageData", "RunStorage", "Evaluation", "CoordinatorService",
        "WorkerService", "SparseKernels", "LinearAlgebra", "InferenceBenchmarks",
        "CoordinatorBenchmarks", "SearchBenchmarks", "CDemoData", "ProcessLimits", "TextReports",
        "RunPreparation",
        "RunReports", "ProgramVersion", "ExternalEvaluation",
        argumentParser,
        logging,
      ],
      swiftSettings: swiftSettings),

    // Tests, and what several of them share.
    .target(
      name: "FileMutations", dependencies: ["SparsityCore"], path: "Tests/FileMutations",
      swiftSettings: swiftSettings),
    .target(
      name: "TestSupport",
      dependencies: [
        "SparsityCore", "NetworkArchitectures", "AcceleratorModel", "EvolutionarySearch",
        "WireProtocol", "Coordination", "RunStorage", "Evaluation", "ImageData", "ModelFiles",
        "Pruning",
      ],
      path: "Tests/TestSupport", swiftSettings: swiftSettings),
    tests("SparsityCore", ["SparsityCore", "NetworkArchitectures"]),
    tests(
      "NetworkArchitectures",
      ["NetworkArchitectures", "SparsityCore", "ModelFiles", "TestSupport"]),
    tests(
      "RunFiles",
      ["RunFiles", "AcceleratorModel", "NetworkArchitectures", "SparsityCore", "FileMutations"]),
    tests("Tidy"),
    .testTarget(
      name: "EndToEndTests",
      dependencies: [
        "elsa", "ContentHashing", "Coordination", "ImageData", "ModelFiles",
        "NetworkArchitectures", "RunStorage", "SparseKernels", "SparsityCore", "WireProtocol",
        "TestSupport",
      ],
      exclude: ["PythonWorker", "Evaluators"], swiftSettings: swiftSettings),
    tests(
      "RunPreparation",
      [
        "RunPreparation", "AcceleratorModel", "Coordination", "EvolutionarySearch",
        "NetworkArchitectures", "RunFiles", "RunStorage", "SparsityCore", "TextReports",
        "TestSupport",
      ]),
    tests(
      "RunReports",
      [
        "RunReports", "RunPreparation", "RunFiles", "AcceleratorModel", "Coordination",
        "NetworkArchitectures", "RunStorage", "SparsityCore", "TextReports", "WireProtocol",
        "TestSupport",
      ]),
    tests("LinearAlgebra", ["LinearAlgebra", "SparseKernels", "SparsityCore"]),
    tests("EvolutionarySearch", ["EvolutionarySearch", "SparsityCore"]),
    tests(
      "AcceleratorModel",
      ["AcceleratorModel", "NetworkArchitectures", "SparsityCore", "TestSupport"]),
    tests("ProcessLimits", ["ProcessLimits", "TestSupport"]),
    tests("ZeroMQ", ["ZeroMQ"]),
    tests(
      "ExternalEvaluation",
      [
        "ExternalEvaluation", "WorkerService", "Evaluation", "Coordination", "SparsityCore",
        "WireProtocol", "TestSupport",
      ]),
    tests(
      "RunStorage",
      ["RunStorage", "ModelFiles", "SparsityCore", "WireProtocol", grdb, "TestSupport"]),
    tests(
      "CoordinatorService",
      [
        "CoordinatorService", "Coordination", "EvolutionarySearch", "AcceleratorModel",
        "NetworkArchitectures", "SparsityCore", "RunStorage", "WireProtocol", "ZeroMQ",
        "ProcessLimits", grdb, "TestSupport",
      ]),
    tests(
      "WorkerService",
      [
        "WorkerService", "CoordinatorService", "Coordination", "AcceleratorModel",
        "NetworkArchitectures", "EvolutionarySearch", "RunStorage", "SparsityCore", "WireProtocol",
        "ZeroMQ",
        "Evaluation", "ImageData", "ModelFiles", "Pruning", "ContentHashing", "ProcessLimits",
        "TestSupport",
      ]),
    tests(
      "ModelFiles",
      [
        "ModelFiles", "NetworkArchitectures", "SparsityCore", "ContentHashing", "FileMutations",
        "TestSupport",
      ]),
    .testTarget(
      name: "SparseKernelsTests", dependencies: ["SparseKernels", "SparsityCore"],
      exclude: ["emulation", "sanitize"], swiftSettings: swiftSettings),
    tests(
      "VisionTransformers",
      [
        "VisionTransformers", "NetworkArchitectures", "SparsityCore", "SparseKernels",
        "LinearAlgebra", "ModelFiles", "TestSupport",
      ]),
    tests(
      "Evaluation",
      [
        "Evaluation", "SparsityCore", "ContentHashing", "VisionTransformers", "Pruning",
        "SparseKernels", "ModelFiles", "ImageData", "FileMutations", "TestSupport",
      ]),
    tests(
      "InferenceBenchmarks",
      [
        "InferenceBenchmarks", "NetworkArchitectures", "Evaluation", "SparseKernels",
        "SparsityCore",
      ]),
    tests("SearchBenchmarks", ["SearchBenchmarks", "EvolutionarySearch", "SparsityCore"]),
    tests(
      "Pruning", ["Pruning", "ContentHashing", "SparseKernels", "SparsityCore", "TestSupport"]),
    tests(
      "ImageData",
      ["ImageData", "ModelFiles", "NetworkArchitectures", "SparsityCore", "TestSupport"]),
    tests("WireProtocol", ["WireProtocol", "SparsityCore", "ContentHashing", "TestSupport"]),
    .testTarget(
      name: "CoordinationTests",
      dependencies: [
        "Coordination", "WireProtocol", "SparsityCore", "EvolutionarySearch", "AcceleratorModel",
        "NetworkArchitectures", "ContentHashing", "TestSupport",
      ],
      exclude: ["Traces"], swiftSettings: swiftSettings),
    .testTarget(
      name: "SimulationTests", dependencies: ["Simulation", "Coordination", "TestSupport"],
      exclude: ["PlantedBugs"], swiftSettings: swiftSettings),
  ],
  cLanguageStandard: .c2x
)
