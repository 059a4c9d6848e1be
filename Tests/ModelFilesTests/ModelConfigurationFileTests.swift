import Foundation
import ModelFiles
import NetworkArchitectures
import SparsityCore
import Testing
import TestSupport

struct ModelConfigurationFileTests {
  private static let flat = """
    {"architecture": "vit_x", "img_size": 20, "patch_size": 4, "in_chans": 3, "embed_dim": 48,
     "depth": 3, "num_heads": 3, "mlp_ratio": 4.0, "num_classes": 7, "mean": [0.5, 0.4, 0.3],
     "std": [0.2, 0.2, 0.1], "crop_pct": 0.9, "interpolation": "bicubic"}
    """

  private static let hub = """
    {"architecture": "deit_tiny_distilled_patch16_224", "num_classes": 1000, "num_features": 192,
     "pretrained_cfg": {"tag": "fb_in1k", "custom_load": false, "input_size": [3, 224, 224],
      "fixed_input_size": true, "interpolation": "bicubic", "crop_pct": 0.9, "crop_mode": "center",
      "mean": [0.485, 0.456, 0.406], "std": [0.229, 0.224, 0.225], "num_classes": 1000,
      "pool_size": null, "first_conv": "patch_embed.proj", "classifier": ["head", "head_dist"]}}
    """

  private func read(_ text: String) throws -> ModelConfigurationFile {
    try ModelConfigurationFile(bytes: Array(text.utf8), name: "c")
  }

  private func shape(_ text: String) throws -> TransformerShape {
    try #require(try read(text).architecture as? TransformerShape)
  }

  /// The flat configuration with one key replaced by this JSON value, or removed.
  private func flat(_ key: String, _ value: String?) throws -> String {
    let data = Data(Self.flat.utf8)
    var object = try #require(
      try JSONSerialization.jsonObject(with: data) as? [String: Any])
    object[key] = try value.map {
      try JSONSerialization.jsonObject(with: Data($0.utf8), options: .fragmentsAllowed)
    }
    return String(decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
  }

  @Test func `the digits configuration is read`() throws {
    let file = try ModelConfigurationFile(path: Checkout.demoData + "/config.json")
    let shape = try TransformerShape(
      imageSize: 8, patchSize: 2, channels: 1, width: 64, depth: 6, heads: 4, hiddenWidth: 256,
      classes: 10)
    #expect(file.architecture as? TransformerShape == shape)
    #expect(file.name == "vit_digits")
    #expect(file.mean == [0.3053])
    #expect(file.standardDeviation == [0.376])
    #expect(
      file.preprocessing
        == Preprocessing(resize: 8, cropSize: 8, interpolation: .bicubic, channels: 1))
  }

  @Test(.needsSharedData("deit_tiny_patch16_224/config.json"))
  func `the DeiT-Tiny configuration is read`() throws {
    let folder = SharedData.path("deit_tiny_patch16_224")
    let path = ModelConfigurationFile.path(besideWeights: folder + "/model.safetensors")
    let file = try ModelConfigurationFile(path: path)
    let tiny = TransformerShape.named.first { $0.name == "deit_tiny_patch16_224" }
    #expect(file.architecture as? TransformerShape == tiny?.architecture)
    #expect(file.preprocessing.description == "resize-248/bicubic/crop-224/channels-3")
  }

  @Test func `the hub's form takes its sizes from the architecture's name`() throws {
    let file = try read(Self.hub)
    let shape = try shape(Self.hub)
    #expect(shape.width == 192)
    #expect(shape.isDistilled)
    #expect(file.preprocessing.resize == 248)
    #expect(file.mean == [0.485, 0.456, 0.406])
    #expect(
      throws: ModelFileError.missingKey(
        path: "c", key: "embed_dim",
        expected: "an integer, because the architecture "
          + "\"deit_mini_patch16_224\" is not known")
    ) {
      try read(Self.hub.replacing("deit_tiny_distilled_patch16_224", with: "deit_mini_patch16_224"))
    }
  }

  @Test func `a tag after the architecture's dot does not matter`() throws {
    let tagged = Self.hub.replacing("patch16_224\"", with: "patch16_224.fb_in1k\"")
    #expect(try read(tagged).network == read(Self.hub).network)
    #expect(try read(tagged).name == read(Self.hub).name)
  }

  @Test func `sizes in the file come before those of the name`() throws {
    let text = Self.hub.replacing(
      "\"num_features\": 192,", with: "\"model_args\": {\"img_size\": 384, \"depth\": 6},"
    )
    .replacing("\"num_classes\": 1000, \"model", with: "\"num_classes\": 10, \"model")
    let shape = try shape(text)
    #expect(shape.imageSize == 384)
    #expect(shape.depth == 6)
    #expect(shape.classes == 10)
    #expect(shape.width == 192)
  }

  @Test func `distillation is stated by a key, the token count, the heads or the name`() throws {
    #expect(try !shape(Self.flat).isDistilled)
    #expect(try shape(flat("distilled", "true")).isDistilled)
    #expect(try shape(flat("num_tokens", "2")).isDistilled)
    #expect(try shape(flat("classifier", #"["head", "head_dist"]"#)).isDistilled)
    #expect(try shape(flat("architecture", #""deit_x_distilled""#)).isDistilled)
  }

  @Test func `resize may be stated, derived from crop_pct or switched off`() throws {
    #expect(try read(Self.flat).preprocessing.resize == 22)
    #expect(try read(flat("resize", "24")).preprocessing.resize == 24)
    #expect(try read(flat("resize", "\"none\"")).preprocessing.resize == nil)
    #expect(try read(flat("crop_pct", "1")).preprocessing.resize == 20)
    #expect(try read(Self.flat).preprocessing.withoutResize.resize == nil)
  }

  @Test func `images may be squashed, and need not be square`() throws {
    #expect(try read(flat("crop_mode", "\"squash\"")).preprocessing.resizing == .bothSides(22))
    let wide = try read(flat("img_size", "[20, 36]"))
    #expect(wide.network.input.size == GridSize(height: 20, width: 36))
    #expect(wide.preprocessing.resizing == .covering(GridSize(height: 22, width: 40)))
    #expect(wide.preprocessing.description == "cover-22x40/bicubic/crop-20x36/channels-3")
  }

  @Test func `a size given beside the file comes before the file's`() throws {
    let file = try ModelConfigurationFile(
      bytes: Array(Self.hub.utf8), name: "c", imageSize: GridSize(height: 64, width: 96))
    #expect(file.network.input.size == GridSize(height: 64, width: 96))
    #expect(file.preprocessing.cropSize == GridSize(height: 64, width: 96))
  }

  @Test(arguments: [
    ("embed_dim", "\"48\"", "\"48\""), ("embed_dim", "48.5", "48.5"), ("depth", "[3]", "[3]"),
    ("mean", "[0.5]", "[0.5]"), ("mean", "0.5", "0.5"), ("std", "[0.2, 0, 0.1]", "[0.2, 0, 0.1]"),
    ("mean", "[0.5, true, 0.3]", "[0.5, true, 0.3]"), ("mlp_ratio", "-4", "-4.0"),
    ("crop_pct", "1.5", "1.5"), ("crop_pct", "0", "0"), ("crop_pct", "1e-9", "1e-09"),
    ("resize", "0", "0"), ("resize", "\"all\"", "\"all\""), ("resize", "1e9", "1000000000"),
    ("interpolation", "\"lanczos\"", "\"lanczos\""), ("crop_mode", "\"border\"", "\"border\""),
    ("act", "\"mish\"", "\"mish\""), ("hidden_act", "\"gelu_10\"", "\"gelu_10\""),
    ("global_pool", "\"lse\"", "\"lse\""), ("block_fn", "\"ResPostBlock\"", "\"ResPostBlock\""),
    ("norm_layer", "\"rmsnorm\"", "\"rmsnorm\""), ("scale_attn_norm", "true", "true"),
    ("hidden_size", "64", "64"), ("num_hidden_layers", "2", "2"), ("rope", "1", "1"),
    ("patch_size", "[4, 2]", "4×2"), ("img_size", "[20, 20, 3]", "[20, 20, 3]"),
    ("num_classes", "0", "0"), ("intermediate_size", "100", "100"),
    ("qkv_bias", "1", "1"), ("distilled", "\"yes\"", "\"yes\""), ("num_tokens", "3", "3"),
    ("reg_tokens", "\"4\"", "\"4\""), ("init_values", "\"1\"", "\"1\""),
    ("input_size", "[3, 20]", "[3, 20]"),
    ("pretrained_cfg", "[]", "[]"), ("std", "[0.2, 1e-9, 0.1]", "[0.2, 1e-09, 0.1]"),
    ("mean", "[1e300, 0, 0]", "[1e+300, 0, 0]"),
  ])
  func `a wrong value is named with its key`(key: String, json: String, value: String) throws {
    let text = try flat(key, json)
    let error = try #require(throws: ModelFileError.self) { try read(text) }
    guard case .invalidValue(path: "c", key: key, let found, _) = error else {
      Issue.record("another error: \(error)")
      return
    }
    // Numbers come through the test's own JSON writer, which may print them otherwise.
    #expect(found == value || Double(found) == Double(value) && Double(found) != nil)
  }

  @Test(arguments: [
    "img_size", "patch_size", "in_chans", "embed_dim", "depth", "num_heads", "num_classes",
    "mean", "std", "crop_pct", "interpolation",
  ])
  func `a missing key is named`(key: String) throws {
    let text = try flat(key, nil)
    let error = try #require(throws: ModelFileError.self) { try read(text) }
    guard case .missingKey(path: "c", key: key, _) = error else {
      Issue.record("another error: \(error)")
      return
    }
  }

  @Test func `crop_pct is checked although resize overrules it`() throws {
    let text = Self.flat.replacing("0.9", with: "\"wide\", \"resize\": 24")
    #expect(
      throws: ModelFileError.invalidValue(
        path: "c", key: "crop_pct", value: "\"wide\"", expected: "a number above 0, at most 1")
    ) { try read(text) }
  }

  @Test(arguments: ["-9223372036854775808", "0", "65537", "9223372036854775807"])
  func `a width that no model has is refused before it is multiplied`(width: String) throws {
    let error = try #require(throws: ModelFileError.self) { try read(flat("embed_dim", width)) }
    guard case .invalidShape(path: "c", .outOfRange(name: "width", _, _)) = error else {
      Issue.record("another error: \(error)")
      return
    }
  }

  @Test(arguments: ["1e-300", "0", "-1e-6", "1e300", "2"])
  func `the constant of LayerNorm has bounds on both sides`(epsilon: String) throws {
    let text = Self.flat.replacing("\"depth\"", with: "\"ln_eps\": \(epsilon), \"depth\"")
    let error = try #require(throws: ModelFileError.self) { try read(text) }
    #expect("\(error)".contains("it must lie in 1e-15…1.0"), "\(error)")
  }

  @Test func `keys in model_args that would change the model are refused`() {
    let text = Self.hub.replacing("\"num_features\": 192", with: "\"model_args\": {\"swiglu\": 1}")
    #expect(
      throws: ModelFileError.invalidValue(
        path: "c", key: "model_args.swiglu", value: "1",
        expected: "only keys of a plain ViT in model_args")
    ) { try read(text) }
  }

  @Test func `sizes of no transformer and files of another kind are refused`() throws {
    #expect(
      throws: ModelFileError.invalidShape(
        path: "c", fault: .widthNotDivisible(width: 48, heads: 5))
    ) { try read(flat("num_heads", "5")) }
    #expect(throws: ModelFileError.invalidJSON(path: "c", fault: .unexpectedEnd)) {
      try read("{")
    }
    #expect(throws: ModelFileError.self) { try read("[1]") }
    #expect(throws: ModelFileError.self) {
      try read(#"{"embed_dim": 1, "embed_dim": 2}"#)
    }
  }

  @Test func `every prefix and random change of a configuration is read or refused`() {
    let bytes = Array(Self.hub.utf8)
    for count in 0..<bytes.count {
      #expect(throws: ModelFileError.self, "\(count) bytes") {
        try ModelConfigurationFile(bytes: Array(bytes.prefix(count)), name: "c")
      }
    }
    var acceptedCount = 0
    var generator = SeededGenerator(seed: 3)
    for _ in 0..<5000 {
      var changed = Array((generator.index(below: 2) == 0 ? Self.hub : Self.flat).utf8)
      changed[generator.index(below: changed.count)] = UInt8(generator.index(below: 256))
      if (try? ModelConfigurationFile(bytes: changed, name: "c")) != nil { acceptedCount += 1 }
    }
    #expect((1..<5000).contains(acceptedCount), "\(acceptedCount)")
  }

  // MARK: - What is computed

  @Test func `features are read from any of their keys`() throws {
    func features(_ key: String, _ value: String) throws -> TransformerFeatures {
      try shape(flat(key, value)).features
    }
    #expect(try features("act", "\"relu\"").activation == .relu)
    #expect(try features("hidden_act", "\"quick_gelu\"").activation == .quickGELU)
    #expect(try features("act_layer", "\"gelu_tanh\"").activation == .geluTanh)
    #expect(try features("layer_norm_eps", "1e-12").layerNormEpsilon == 1e-12)
    #expect(try features("init_values", "1e-5").hasLayerScale)
    #expect(try !features("init_values", "0").hasLayerScale)
    #expect(try features("reg_tokens", "4").registers == 4)
    #expect(try features("no_embed_class", "true").positions == .patches)
    #expect(try features("pos_embed", "\"none\"").positions == .none)
    #expect(try features("pre_norm", "true").hasPreNorm)
    #expect(try features("qk_norm", "true").hasQueryKeyNorm)
    #expect(try features("final_norm", "false").finalNorm == .none)
    let mean = try features("global_pool", "\"avg\"")
    #expect(mean.pooling == .mean && mean.finalNorm == .afterPooling)
    #expect(try shape(flat("img_size", "[20, 20]")) == shape(Self.flat))
  }

  @Test func `an architecture's name tells its features, and keys change them`() throws {
    func hub(_ name: String, _ arguments: String = "{}") throws -> TransformerFeatures {
      try shape(
        Self.hub.replacing("deit_tiny_distilled_patch16_224", with: name)
          .replacing("[\"head\", \"head_dist\"]", with: "\"head\"")
          .replacing("\"num_features\": 192", with: "\"model_args\": \(arguments)")
      ).features
    }
    let clip = try hub("vit_base_patch16_clip_quickgelu_224")
    #expect(clip.hasPreNorm && clip.activation == .quickGELU && clip.layerNormEpsilon == 1e-5)
    let dino = try hub("vit_small_patch14_reg4_dinov2")
    #expect(dino.registers == 4 && dino.hasLayerScale && dino.positions == .patches)
    let siglip = try hub("vit_base_patch16_siglip_gap_224")
    #expect(siglip.pooling == .mean && siglip.finalNorm == .beforePooling)
    let pooled = try hub("vit_base_patch16_224", #"{"global_pool": "avg"}"#)
    #expect(pooled.pooling == .mean && pooled.finalNorm == .afterPooling)
    for (name, reason) in [
      ("vit_base_patch16_siglip_224", "attention"), ("vit_giant_patch14_dinov2", "SwiGLU"),
      ("aimv2_large_patch14_224", "RMSNorm"), ("vit_base_patch16_rpn_224", "normalise after"),
    ] {
      let error = #expect(throws: ModelFileError.self) { try hub(name) }
      #expect(error?.description.contains(reason) == true, "\(String(describing: error))")
    }
  }

  @Test func `what Python's json writes is read`() throws {
    let marked = [0xEF, 0xBB, 0xBF] + Array(Self.flat.utf8)
    #expect(try ModelConfigurationFile(bytes: marked, name: "c").name == "vit_x")
    let text = Self.flat.replacing("\"depth\"", with: "\"drop_rate\": NaN, \"depth\"")
    #expect(try read(text).network == read(Self.flat).network)
    let error = #expect(throws: ModelFileError.self) {
      try read(Self.flat.replacing("[0.5, 0.4, 0.3]", with: "[0.5, -Infinity, 0.3]"))
    }
    #expect(error?.description.contains("\"mean\" is [0.5, -inf, 0.3]") == true)
    #expect(try read(Self.flat.replacing("0.9", with: "null")).preprocessing.resize == 22)
  }
}
