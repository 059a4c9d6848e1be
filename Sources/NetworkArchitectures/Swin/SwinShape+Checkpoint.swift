extension SwinShape {
  /// Returns the names in timm of a checkpoint's tensors, also of one in Microsoft's layout.
  ///
  /// There, merging stands at the end of a stage, where timm has it at the start of the next one;
  /// the classifier is `head`, in timm `head.fc`. Buffers that follow from the sizes are left out,
  /// as timm's `checkpoint_filter_fn` does.
  package func checkpointNames(for names: [String]) -> [String: String] {
    // Only Microsoft's first stage ends with a merging; timm's first stage begins without one.
    let endsWithMerging = names.contains { $0.hasPrefix("layers.0.downsample.") }
    var result: [String: String] = [:]
    for name in names where !Self.isBuffer(name) {
      result[name] = Self.renamed(name, endsWithMerging: endsWithMerging)
    }
    return result
  }

  private static func isBuffer(_ name: String) -> Bool {
    name.hasSuffix(".relative_position_index") || name.hasSuffix(".attn_mask")
  }

  private static func renamed(_ name: String, endsWithMerging: Bool) -> String {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    if endsWithMerging, parts.count > 3, parts[0] == "layers", parts[2] == "downsample",
      let stage = Int(parts[1]), stage < 8
    {
      return "layers.\(stage + 1)." + parts.dropFirst(2).joined(separator: ".")
    }
    if parts.count == 2, parts[0] == "head" { return "head.fc.\(parts[1])" }
    return name
  }
}
