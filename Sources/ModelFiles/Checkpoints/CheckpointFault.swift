import SparsityCore

/// Why files that can be read are no checkpoint that can be used.
package enum CheckpointFault: Error, Equatable, Sendable {
  /// The file has another format, which is recognised by its first bytes.
  case otherFormat(ForeignFormat)
  /// The file holds several models; their tensors have these prefixes.
  case severalModels(prefixes: [String])
  /// No model of the file has the prefix that was asked for.
  case unknownPrefix(String, prefixes: [String])
  /// A tensor lies outside the model's prefix.
  case outside(tensor: String, prefix: String)
  /// An index of shards has no usable `weight_map`.
  case invalidIndex(reason: String)
  /// A file is one of several shards, and no index lies beside it.
  case singleShard(index: String)
  /// A shard does not hold what the index says.
  case otherShard(path: String, tensor: String, isMissing: Bool)
  /// A mask has another shape than its weights.
  case maskShape(tensor: String)
  /// Tensors that belong one below the other do not fit each other.
  case stackShape(tensor: String)
}

extension CheckpointFault: CustomStringConvertible {
  /// The fault as text, to follow the file's path.
  package var description: String {
    switch self {
    case .otherFormat(let format):
      "\(format)"
    case .severalModels(let prefixes):
      "it holds several models, whose tensors begin with \(Self.list(prefixes)); choose one with "
        + "--prefix (in a run file model.prefix)"
    case .unknownPrefix(let prefix, []):
      "no tensor tells a model with the prefix \(JSONValue.quoted(prefix)): there is no "
        + "patch_embed.proj.weight"
    case .unknownPrefix(let prefix, let prefixes):
      "no model in it has the prefix \(JSONValue.quoted(prefix)); there "
        + "\(prefixes.count == 1 ? "is" : "are") \(Self.list(prefixes))"
    case .outside(let tensor, let prefix):
      "the model's tensors begin with \(JSONValue.quoted(prefix)), but \(tensor) lies outside, and "
        + "what it does to the result is not known; if the model is complete without it, say "
        + "--prefix \(prefix) (in a run file model.prefix)"
    case .invalidIndex(let reason):
      "it is no index of a sharded checkpoint: \(reason)"
    case .singleShard(let index):
      "it is one of several shards, and \(index) is not beside it; copy or download it, too"
    case .otherShard(let path, let tensor, true):
      "\(path) lacks \(tensor), which the index says it holds; copy or download it again"
    case .otherShard(let path, let tensor, false):
      "\(path) holds \(tensor), which the index does not have there; copy or download both again"
    case .maskShape(let tensor):
      "\(tensor) has another shape than its mask"
    case .stackShape(let tensor):
      "\(tensor) does not fit the tensors that it is joined with"
    }
  }

  private static func list(_ prefixes: [String]) -> String {
    prefixes.map(JSONValue.quoted).joined(separator: ", ")
  }
}
