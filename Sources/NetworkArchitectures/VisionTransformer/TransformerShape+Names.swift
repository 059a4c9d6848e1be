extension TransformerShape {
  /// The ViT and DeiT of timm that are computed here, with the 1,000 classes of ImageNet-1k.
  package static let named: [(name: String, architecture: TransformerShape)] =
    TransformerName.all.filter { !$0.hasAttentionPooling }.map { known in
      do {
        let shape = try TransformerShape(
          imageSize: GridSize(side: known.imageSize), patchSize: known.patchSize, channels: 3,
          width: known.width, depth: known.depth, heads: known.heads,
          hiddenWidth: Int(Double(known.width) * known.hiddenRatio), classes: 1000,
          features: known.features)
        return (known.name, shape)
      } catch {
        preconditionFailure("\(known.name): \(error)")
      }
    }
}
