import SparsityCore

/// How the product of a pruned layer is computed.
package enum ProductForm: String, Hashable, Sendable {
  /// As a dense matrix with zeros in place.
  case dense
  /// Weights and their columns, one by one.
  case columns
  /// Weights in bf16, two by two.
  case pairs
}

extension ProductForm {
  /// Returns the fastest form for a pattern, from a table that was measured once.
  ///
  /// The choice depends on what is in the numerics of a result, never on a timing at run time: the
  /// same run has the same bits on every machine. `elsa benchmark kernels` shows what the table
  /// rests on. The size of the layer was measured too and changes no entry: over the twelve shapes
  /// of DeiT-T, -S and -B, 3:4 in bf16 pairs runs at 0.93 to 1.05 of the dense product's speed and
  /// 6:8 at 0.91 to 1.02, while all patterns below gain on every shape.
  package static func best(
    for pattern: NMPattern, precision: Precision, variant: KernelVariant
  ) -> ProductForm {
    if pattern.isDense { return .dense }
    // The scalar kernels are references; oneDNN's dense product has at least SSE.
    if variant == .scalar { return .dense }
    let density = Double(pattern.kept) / Double(pattern.groupSize)
    switch (precision, variant) {
    case (.bf16, .avx512bf16):
      if Pairing(of: pattern) != nil { return density <= 0.5 ? .pairs : .dense }
      // One by one, products run at the speed of fp32, half that of bf16.
      return density <= 0.25 ? .columns : .dense
    default:
      return density < 0.75 ? .columns : .dense
    }
  }
}
