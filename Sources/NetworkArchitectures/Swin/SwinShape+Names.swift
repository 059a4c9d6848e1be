extension SwinShape {
  /// The Swin transformers that timm has pre-trained on ImageNet.
  package static let named: [(name: String, architecture: SwinShape)] = {
    let sizes: [(name: String, width: Int, depth: Int, heads: Int, windows: [Int])] = [
      ("tiny", 96, 6, 3, [7]), ("small", 96, 18, 3, [7]), ("base", 128, 18, 4, [7, 12]),
      ("large", 192, 18, 6, [7, 12]),
    ]
    let usual: [(name: String, architecture: SwinShape)] = sizes.flatMap { size in
      size.windows.map { window in
        let imageSize = 32 * window
        let heads = [1, 2, 4, 8].map { size.heads * $0 }
        do {
          let shape = try SwinShape(
            imageSize: GridSize(side: imageSize), patchSize: 4, channels: 3,
            embeddingWidth: size.width,
            depths: [2, 2, size.depth, 2], heads: heads, windowSize: GridSize(side: window),
            classes: 1000)
          return ("swin_\(size.name)_patch4_window\(window)_\(imageSize)", shape)
        } catch {
          preconditionFailure("swin_\(size.name): \(error)")
        }
      }
    }
    return usual + searched
  }()

  /// Those of the searched space of Swin transformers (arXiv 2111.14725).
  private static let searched: [(name: String, architecture: SwinShape)] = [
    ("tiny", 6, [7, 7, 14, 7]), ("small", 18, [14, 14, 14, 7]), ("base", 30, [7, 7, 14, 7]),
  ].map { (size: (name: String, depth: Int, windows: [Int])) in
    do {
      let shape = try SwinShape(
        imageSize: 224, patchSize: 4, channels: 3, embeddingWidth: 96,
        depths: [2, 2, size.depth, 2], heads: [3, 6, 12, 24],
        windowSizes: size.windows.map { GridSize(side: $0) }, classes: 1000)
      return ("swin_s3_\(size.name)_224", shape)
    } catch {
      preconditionFailure("swin_s3_\(size.name): \(error)")
    }
  }
}
