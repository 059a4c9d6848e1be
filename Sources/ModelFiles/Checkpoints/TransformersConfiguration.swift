/// A configuration as the library transformers writes it, in timm's words.
///
/// Source: `configuration_vit.py`, `configuration_deit.py`, `configuration_swin.py` and the image
/// processors' `preprocessor_config.json`, which lies beside the `config.json`.
enum TransformersConfiguration {
  /// The file that says how images become pixels.
  static let preprocessorName = "preprocessor_config.json"

  /// Whether the keys are those of transformers.
  static func isOne(_ top: [String: JSONValue]) -> Bool {
    top["model_type"] != nil && top["architecture"] == nil && top["model_args"] == nil
  }

  /// Returns the keys of a configuration in timm's words; those of another one as they are.
  ///
  /// - Throws: ``ModelFileError`` for a model that is none of ViT, DeiT and Swin with a classifier,
  ///   and for a key that is not known and may change what is computed.
  static func translated(
    _ top: [String: JSONValue], path: String
  ) throws(ModelFileError) -> [String: JSONValue] {
    guard isOne(top) else { return top }
    func invalid(_ key: String, _ expected: String) -> ModelFileError {
      .invalidValue(path: path, key: key, value: top[key]?.excerpt ?? "null", expected: expected)
    }
    guard case .string(let type)? = top["model_type"], let known = familyKeys[type] else {
      throw invalid("model_type", "\"vit\", \"deit\" or \"swin\"; see elsa models")
    }
    if case .array(let classes)? = top["architectures"], let expected = classifiers[type],
      !classes.contains(.string(expected))
    {
      let isOneHeaded = classes.contains(.string("DeiTForImageClassification"))
      throw invalid(
        "architectures",
        "[\"\(expected)\"], "
          + (isOneHeaded
            ? "since a distillation token that no classifier reads is not supported"
            : "the model with its classifier"))
    }
    let used = known.merging(sharedKeys) { own, _ in own }
    var keys: [String: JSONValue] = ["architecture": .string("\(type)_transformers")]
    for (key, value) in top.sorted(by: { $0.key < $1.key }) where value != .null {
      if let timm = used[key] {
        keys[timm] = value
      } else if let needed = neededValues[key] {
        guard needed.contains(value) else {
          throw invalid(key, needed.map(\.excerpt).joined(separator: " or "))
        }
      } else if !harmlessKeys.contains(key) {
        throw invalid(key, "a key that is known; this one may change what is computed")
      }
    }
    keys["num_classes"] = keys["num_classes"] ?? .integer(2)
    if case .object(let names)? = top["id2label"] { keys["num_classes"] = .integer(names.count) }
    if case .array(let pair)? = keys["img_size"], pair.count == 2, pair[0] == pair[1] {
      keys["img_size"] = pair[0]
    }
    if case .array(let pair)? = keys["patch_size"], pair.count == 2, pair[0] == pair[1] {
      keys["patch_size"] = pair[0]
    }
    if case .string(let name)? = keys["act_layer"] {
      keys["act_layer"] = .string(activations[name] ?? name)
    }
    if type == "swin" {
      guard [nil, 1e-5].contains(top["layer_norm_eps"]?.asDouble) else {
        throw invalid("layer_norm_eps", "1e-05, the constant of Swin's other norms")
      }
      if let side = paddedSide(keys) {
        throw invalid(
          "window_size",
          "a window that divides the map of \(side) × \(side) tokens: transformers pads it before "
            + "it shifts windows, timm and Elsa after")
      }
    } else {
      keys["ln_eps"] = keys["ln_eps"] ?? .number(1e-12)
      keys["distilled"] = .bool(type == "deit")
      if let width = keys["embed_dim"]?.asDouble, let hidden = top["intermediate_size"]?.asDouble,
        width > 0
      {
        // Half a unit more, so that rounding down gives the width again.
        keys["mlp_ratio"] = .number((hidden + 0.5) / width)
      }
    }
    return keys
  }

  /// Returns the side of the first map of a Swin that shifts windows which do not cover it exactly;
  /// there transformers computes something else than timm.
  private static func paddedSide(_ keys: [String: JSONValue]) -> Int? {
    guard let image = keys["img_size"]?.asInteger, let patch = keys["patch_size"]?.asInteger,
      let window = keys["window_size"]?.asInteger, image > 0, patch > 0, window > 0,
      case .array(let depths)? = keys["depths"]
    else { return nil }
    var side = (image - 1) / patch + 1
    for depth in depths.prefix(16) {
      if side > window, side % window != 0, depth != .integer(1) { return side }
      side = (side + 1) / 2
    }
    return nil
  }

  /// The classes that have a classifier, by model type.
  private static let classifiers = [
    "vit": "ViTForImageClassification", "deit": "DeiTForImageClassificationWithTeacher",
    "swin": "SwinForImageClassification",
  ]

  private static let plainKeys = [
    "hidden_size": "embed_dim", "num_hidden_layers": "depth", "num_attention_heads": "num_heads",
    "layer_norm_eps": "ln_eps",
  ]
  /// The keys of each model type that are read, with their names in timm.
  private static let familyKeys: [String: [String: String]] = [
    "vit": plainKeys, "deit": plainKeys,
    "swin": [
      "embed_dim": "embed_dim", "depths": "depths", "num_heads": "num_heads",
      "window_size": "window_size", "mlp_ratio": "mlp_ratio",
    ],
  ]
  private static let sharedKeys = [
    "image_size": "img_size", "patch_size": "patch_size", "num_channels": "in_chans",
    "qkv_bias": "qkv_bias", "hidden_act": "act_layer", "num_labels": "num_classes",
    "mean": "mean", "std": "std", "interpolation": "interpolation", "resize": "resize",
  ]
  /// Names of activations in timm that transformers calls otherwise.
  private static let activations = [
    "gelu_new": "gelu_tanh", "gelu_pytorch_tanh": "gelu_tanh", "gelu_python": "gelu",
    "swish": "silu",
  ]
  /// Values that keep the computation the one that is built.
  private static let neededValues: [String: [JSONValue]] = [
    "use_absolute_embeddings": [.bool(false)],
    "use_mask_token": [.bool(false)],
    "path_norm": [.bool(true)],
    "chunk_size_feed_forward": [.integer(0)],
    "is_decoder": [.bool(false)],
    "add_cross_attention": [.bool(false)],
    "pruned_heads": [.object([:])],
  ]
  /// Keys that say nothing of what a classifier computes when it is not trained.
  private static let harmlessKeys: Set<String> = [
    "model_type", "architectures", "id2label", "label2id", "intermediate_size", "hidden_size",
    "num_layers", "num_hidden_layers", "layer_norm_eps", "pooler_act", "pooler_output_size",
    "encoder_stride", "initializer_range", "dtype", "torch_dtype", "transformers_version",
    "hidden_dropout_prob", "attention_probs_dropout_prob", "drop_path_rate", "problem_type",
    "out_features", "out_indices", "stage_names", "_name_or_path", "_attn_implementation",
    "_attn_implementation_autoset", "attn_implementation", "_commit_hash", "finetuning_task",
    "return_dict", "output_hidden_states", "output_attentions", "torchscript", "use_bfloat16",
    "tie_word_embeddings", "is_encoder_decoder", "cross_attention_hidden_size",
    "tie_encoder_decoder", "use_cache", "task_specific_params", "tokenizer_class", "prefix",
    "bos_token_id", "pad_token_id", "eos_token_id", "sep_token_id", "decoder_start_token_id",
    "gradient_checkpointing", "crop_pct", "license", "tags",
  ]
}

// MARK: - Preprocessing

extension TransformersConfiguration {
  /// Returns the keys with those that say how images become pixels, which another file has.
  ///
  /// - Parameters:
  ///   - top: The keys of the `config.json`, of an image of `imageSize` pixels.
  ///   - preprocessor: The bytes of the other file.
  ///   - path: Its path.
  /// - Returns: The keys, and whether images of another shape are squeezed by transformers.
  static func completed(
    _ top: [String: JSONValue], with preprocessor: [UInt8], path: String
  ) throws(ModelFileError) -> (keys: [String: JSONValue], squeezes: Bool) {
    let value: JSONValue
    do {
      value = try JSONParser.parse(preprocessor)
    } catch {
      throw .invalidJSON(path: path, fault: error)
    }
    guard case .object(let found) = value else {
      throw .invalidValue(
        path: path, key: "(whole file)", value: value.kind, expected: "an object")
    }
    func invalid(_ key: String, _ expected: String) -> ModelFileError {
      .invalidValue(path: path, key: key, value: found[key]?.excerpt ?? "null", expected: expected)
    }
    var keys = top
    let channels = top["num_channels"]?.asInteger ?? 3
    let isNormalized = found["do_normalize"] != .bool(false)
    for (key, own, usual) in [("mean", "image_mean", 0.0), ("std", "image_std", 1.0)] {
      guard isNormalized else {
        let count = (1...16).contains(channels) ? channels : 3
        keys[key] = .array(Array(repeating: .number(usual), count: count))
        continue
      }
      guard let values = found[own] else { throw invalid(own, "a number for each channel") }
      keys[key] = values
    }
    if let factor = found["rescale_factor"]?.asDouble, abs(factor * 255 - 1) > 1e-6 {
      throw invalid("rescale_factor", "1/255")
    }
    switch found["resample"] {
    case .integer(3)?: keys["interpolation"] = .string("bicubic")
    case .integer(2)?, nil: keys["interpolation"] = .string("bilinear")
    default: throw invalid("resample", "2 (bilinear) or 3 (bicubic)")
    }
    let side = top["image_size"]?.asSide ?? 224
    if found["do_resize"] == .bool(false) {
      keys["resize"] = .string("none")
      return (keys, false)
    }
    guard let size = found["size"]?.asSide ?? found["size"]?.shortestEdge else {
      throw invalid("size", "the side of a square, or a shortest_edge")
    }
    let crop = found["do_center_crop"] == .bool(true) ? found["crop_size"]?.asSide ?? side : size
    guard crop == side else {
      let key = found["do_center_crop"] == .bool(true) ? "crop_size" : "size"
      throw invalid(key, "\(side), the image_size of the model")
    }
    keys["resize"] = .integer(size)
    return (keys, found["size"]?.shortestEdge == nil)
  }
}

extension JSONValue {
  fileprivate var asInteger: Int? {
    guard case .integer(let value) = self else { return nil }
    return value
  }

  /// The side of a square: a number, a pair, or `{"height": …, "width": …}`.
  fileprivate var asSide: Int? {
    switch self {
    case .integer(let side): return side
    case .array(let pair) where pair.count == 2 && pair[0] == pair[1]: return pair[0].asInteger
    case .object(let members):
      guard let height = members["height"], height == members["width"] else { return nil }
      return height.asInteger
    default: return nil
    }
  }

  /// The shorter side that an image gets.
  fileprivate var shortestEdge: Int? {
    guard case .object(let members) = self else { return nil }
    return members["shortest_edge"]?.asInteger
  }

  /// The value as JSON text, keys sorted, so that equal values give equal bytes.
  package var text: String {
    switch self {
    case .null: "null"
    case .bool(let value): value ? "true" : "false"
    case .integer(let value): String(value)
    case .number(let value): "\(value)"
    case .string(let value): JSONValue.quoted(value)
    case .array(let values): "[" + values.map(\.text).joined(separator: ", ") + "]"
    case .object(let members):
      "{"
        + members.sorted { $0.key < $1.key }
        .map { "\(JSONValue.quoted($0.key)): \($0.value.text)" }.joined(separator: ", ") + "}"
    }
  }
}
