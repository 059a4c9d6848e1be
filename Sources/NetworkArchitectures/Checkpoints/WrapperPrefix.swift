/// What stands before the names of a model's tensors, because something holds the model: training
/// frameworks write `module.`, `_orig_mod.`, `model.`, `backbone.`, `visual.trunk.` and others.
package enum WrapperPrefix {
  /// Tensors that every model which can be used has, in timm's names and those of transformers; one
  /// that others end with stands behind them.
  private static let anchors =
    ["vit", "deit", "swin"].map { "\($0).embeddings.patch_embeddings.projection.weight" } + [
      "embeddings.patch_embeddings.projection.weight", "patch_embed.proj.weight",
      "patch_embed.proj.weight_orig",
    ]

  /// Returns the prefixes of the models that a checkpoint holds, sorted: `[""]` for a model that
  /// nothing wraps, none if no tensor tells.
  package static func prefixes(in names: [String]) -> [String] {
    var found: Set<String> = []
    for name in names {
      guard let anchor = anchors.first(where: { isSuffix($0, of: name) }) else { continue }
      found.insert(String(name.dropLast(anchor.count)))
    }
    return found.sorted()
  }

  private static func isSuffix(_ anchor: String, of name: String) -> Bool {
    name == anchor || name.hasSuffix("." + anchor)
  }

  /// Modules that stand within names where they wrap a part of a model.
  private static let inner: Set<Substring> = [
    "_orig_mod", "_fsdp_wrapped_module", "_checkpoint_wrapped_module",
  ]

  /// Returns a name without the modules that wrap parts of a model.
  package static func withoutInner(_ name: String) -> String {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.contains(where: inner.contains) else { return name }
    return parts.filter { !inner.contains($0) }.joined(separator: ".")
  }
}
