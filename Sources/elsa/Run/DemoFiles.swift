import CDemoData
import Foundation
import RunPreparation
import RunStorage

/// The bundled digits model and data, written out for a demo run.
struct DemoFiles {
  let runFile: String

  /// Writes the files into a folder below the run directory.
  init(in directory: LockedRunDirectory, evaluations: Int, seed: UInt64) throws {
    let folder = directory.files.file("digits")
    try directory.create(folder)
    let files: [(name: String, content: Data)] = [
      ("model.safetensors", unsafe Self.content(of: cdd_digits_model())),
      ("config.json", unsafe Self.content(of: cdd_digits_config())),
      ("search.safetensors", unsafe Self.content(of: cdd_digits_search())),
      ("test.safetensors", unsafe Self.content(of: cdd_digits_test())),
      ("ATTRIBUTION.txt", unsafe Self.content(of: cdd_digits_attribution())),
    ]
    for (name, content) in files { try directory.write(content, to: "\(folder)/\(name)") }
    let text = """
      model: {weights: model.safetensors}
      data: {search: search.safetensors, test: test.safetensors}
      patterns: ["1:4", "2:4", "3:4", "4:4"]
      accelerator: {profile: systolic32, batch: 8}
      objectives: [accuracy, throughput]
      search: {population: 40, evaluations: \(evaluations), seed: \(seed)}
      fidelity: {shardImages: 150}
      """
    runFile = "\(folder)/run.yaml"
    try directory.write(Data((text + "\n").utf8), to: runFile)
  }

  /// Returns a copy of a file that the program carries.
  private static func content(of file: cdd_file) -> Data {
    unsafe Data(bytes: file.bytes, count: file.size)
  }
}
