import SparsityCore

/// A vision transformer that is known by its name in timm, so that its shape needs no file.
public struct NamedModel: Hashable, Sendable {
  /// The name in timm, without the tag of a training run.
  public let name: String
  /// The shape, with the 1,000 classes of ImageNet-1k.
  public let shape: TransformerShape

  /// The known models, by family and size.
  public static let all: [NamedModel] = {
    var models: [NamedModel] = []
    for size in sizes {
      for isDistilled in size.family == "deit" ? [false, true] : [false] {
        for patch in size.patchSizes {
          for image in [224, 384] {
            append(size, patch: patch, image: image, isDistilled: isDistilled, to: &models)
          }
        }
      }
    }
    return models
  }()

  /// Returns the model of a name such as `deit_base_patch16_224`; a tag as in
  /// `deit_base_patch16_224.fb_in1k` is allowed.
  ///
  /// - Throws: ``ModelError/unknownModelName(_:)`` that lists the known names.
  public static func named(_ name: String) throws(ModelError) -> NamedModel {
    let base = name.split(separator: ".", maxSplits: 1).first.map(String.init) ?? name
    guard let model = all.first(where: { $0.name == base }) else { throw .unknownModelName(name) }
    return model
  }

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

  private static func append(
    _ size: Size, patch: Int, image: Int, isDistilled: Bool, to models: inout [NamedModel]
  ) {
    let shape: TransformerShape
    do {
      shape = try TransformerShape(
        imageSize: image, patchSize: patch, channels: 3, width: size.width, depth: size.depth,
        heads: size.heads, hiddenWidth: 4 * size.width, classes: 1000, isDistilled: isDistilled)
    } catch {
      preconditionFailure("\(size.family)_\(size.name): \(error)")
    }
    let distilled = isDistilled ? "_distilled" : ""
    let name = "\(size.family)_\(size.name)\(distilled)_patch\(patch)_\(image)"
    models.append(NamedModel(name: name, shape: shape))
  }
}
