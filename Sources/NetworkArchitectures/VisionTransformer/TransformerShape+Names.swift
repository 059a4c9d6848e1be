extension TransformerShape {
  /// The models of the ViT and DeiT families that timm has, with the 1,000 classes of ImageNet-1k.
  package static let named: [(name: String, architecture: TransformerShape)] = {
    var models: [(name: String, architecture: TransformerShape)] = []
    for size in sizes {
      for isDistilled in size.family == "deit" ? [false, true] : [false] {
        for patch in size.patchSizes {
          for image in [224, 384] {
            models.append(member(size, patch: patch, image: image, isDistilled: isDistilled))
          }
        }
      }
    }
    return models
  }()

  /// One width of a family, with the patch sizes that it is published with.
  private struct Size {
    let family: String
    let name: String
    let width: Int
    let depth: Int
    let heads: Int
    let patchSizes: [Int]
  }

  private static let sizes = [
    Size(family: "deit", name: "tiny", width: 192, depth: 12, heads: 3, patchSizes: [16]),
    Size(family: "deit", name: "small", width: 384, depth: 12, heads: 6, patchSizes: [16]),
    Size(family: "deit", name: "base", width: 768, depth: 12, heads: 12, patchSizes: [16]),
    Size(family: "vit", name: "tiny", width: 192, depth: 12, heads: 3, patchSizes: [16, 32]),
    Size(family: "vit", name: "small", width: 384, depth: 12, heads: 6, patchSizes: [16, 32]),
    Size(family: "vit", name: "base", width: 768, depth: 12, heads: 12, patchSizes: [16, 32]),
    Size(family: "vit", name: "large", width: 1024, depth: 24, heads: 16, patchSizes: [16, 32]),
  ]

  private static func member(
    _ size: Size, patch: Int, image: Int, isDistilled: Bool
  ) -> (name: String, architecture: TransformerShape) {
    let distilled = isDistilled ? "_distilled" : ""
    let name = "\(size.family)_\(size.name)\(distilled)_patch\(patch)_\(image)"
    do {
      let shape = try TransformerShape(
        imageSize: image, patchSize: patch, channels: 3, width: size.width, depth: size.depth,
        heads: size.heads, hiddenWidth: 4 * size.width, classes: 1000, isDistilled: isDistilled)
      return (name, shape)
    } catch {
      preconditionFailure("\(name): \(error)")
    }
  }
}
