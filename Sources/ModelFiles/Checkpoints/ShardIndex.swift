import Glibc

/// The index of a checkpoint in several files, as `save_pretrained` of transformers writes it:
/// `{"weight_map": {"TENSOR": "model-00001-of-00002.safetensors", …}}`.
struct ShardIndex {
  /// The index.
  let path: String
  /// The file of each tensor.
  private let shards: [String: String]

  /// The largest file that is read as an index.
  static let sizeMax = 64 << 20

  /// Reads an index.
  init(path: String) throws(ModelFileError) {
    self.path = path
    let value: JSONValue
    do {
      value = try JSONParser.parse(readFile(path, limitBytes: Self.sizeMax))
    } catch let error as ModelFileError {
      throw error
    } catch let fault as JSONFault {
      throw .invalidJSON(path: path, fault: fault)
    } catch {
      throw .cannotRead(path: path, reason: "\(error)")
    }
    func invalid(_ reason: String) -> ModelFileError {
      .checkpoint(path: path, fault: .invalidIndex(reason: reason))
    }
    guard case .object(let top) = value, case .object(let map)? = top["weight_map"], !map.isEmpty
    else { throw invalid("it has no weight_map of tensors and files") }
    var shards: [String: String] = [:]
    for (tensor, value) in map.sorted(by: { $0.key < $1.key }) {
      guard case .string(let name) = value else {
        throw invalid("the file of \(JSONValue.quoted(tensor)) is \(value.excerpt)")
      }
      guard name.hasSuffix(".safetensors"), !name.contains("/"), !name.contains("\0") else {
        throw invalid("\(JSONValue.quoted(name)) is no safetensors file beside it")
      }
      shards[tensor] = name
    }
    self.shards = shards
  }

  /// Whether a path is that of an index.
  static func isIndex(_ path: String) -> Bool { path.hasSuffix(".safetensors.index.json") }

  /// Opens the shards, each of which must hold the tensors that the index has there.
  func openedShards() throws(ModelFileError) -> [SafetensorsFile] {
    let folder = path.utf8.lastIndex(of: UInt8(ascii: "/")).map { String(path[...$0]) } ?? ""
    var files: [SafetensorsFile] = []
    for name in Set(shards.values).sorted() {
      let file = try Checkpoint.opened(folder + name)
      let expected = Set(shards.filter { $0.value == name }.keys)
      if let tensor = expected.subtracting(file.names).min() {
        throw .checkpoint(
          path: path, fault: .otherShard(path: file.path, tensor: tensor, isMissing: true))
      }
      if let tensor = Set(file.names).subtracting(expected).min() {
        throw .checkpoint(
          path: path, fault: .otherShard(path: file.path, tensor: tensor, isMissing: false))
      }
      files.append(file)
    }
    return files
  }

  /// Returns the index that a file such as `model-00001-of-00002.safetensors` belongs to; `nil` for
  /// the name of a whole checkpoint.
  ///
  /// - Throws: ``CheckpointFault/singleShard(index:)`` if the index is not there.
  static func path(ofShard path: String) throws(ModelFileError) -> String? {
    guard let range = path.firstRange(of: /-[0-9]{5}-of-[0-9]{5}\.safetensors$/) else { return nil }
    let index = path[..<range.lowerBound] + ".safetensors.index.json"
    if unsafe access(String(index), R_OK) == 0 { return String(index) }
    guard !path.hasSuffix("-00001-of-00001.safetensors") else { return nil }
    throw .checkpoint(path: path, fault: .singleShard(index: String(index)))
  }
}
