extension SwinShape {
  /// The Swin transformers that timm has pre-trained on ImageNet.
  package static let named: [(name: String, architecture: SwinShape)] = {
    let sizes: [(name: String, width: Int, depth: Int, heads: Int, windows: [Int])] = [
      ("tiny", 96, 6, 3, [7]), ("small", 96, 18, 3, [7]), ("base", 128, 18, 4, [7, 12]),
      ("large", 192, 18, 6, [7, 12]),
    ]
    return sizes.flatMap { size in
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
  }()
}
