import NetworkArchitectures

/// How an image is resampled when its size changes.
package enum Interpolation: String, CaseIterable, Hashable, Sendable {
  /// Cubic convolution with a = −0.5, widened when the image shrinks, as in Pillow.
  case bicubic
  /// Linear interpolation, widened when the image shrinks, as in Pillow.
  case bilinear
}

/// To what size an image is brought before its centre is cut out.
package enum ImageResizing: Hashable, Sendable {
  /// It keeps its own.
  case none
  /// The shorter side gets this length, the other one in proportion.
  case shorterSide(Int)
  /// Both sides get these lengths, whatever the image's shape: timm's `squash`.
  case bothSides(GridSize)
  /// It just covers a rectangle, in proportion: what timm does for models of images not square.
  case covering(GridSize)
}

/// How an image becomes the pixels that a model sees: resize, then crop the centre.
package struct Preprocessing: Hashable, Sendable {
  /// The size before the crop.
  package let resizing: ImageResizing
  /// The size of the rectangle that is cut from the centre.
  package let cropSize: GridSize
  /// How pixels are resampled.
  package let interpolation: Interpolation
  /// The channels of a pixel: 1 (grey) or 3 (red, green, blue).
  package let channels: Int

  /// Creates a way of preprocessing.
  package init(
    resizing: ImageResizing, cropSize: GridSize, interpolation: Interpolation, channels: Int
  ) {
    switch resizing {
    case .none: break
    case .shorterSide(let side): precondition(side > 0)
    case .bothSides(let size), .covering(let size):
      precondition(size.height > 0 && size.width > 0)
    }
    precondition(cropSize.height > 0 && cropSize.width > 0)
    precondition(channels == 1 || channels == 3)
    self.resizing = resizing
    self.cropSize = cropSize
    self.interpolation = interpolation
    self.channels = channels
  }

  /// Creates a way of preprocessing for square images; `resize` is the shorter side's length, or
  /// `nil` to keep the image's size.
  package init(
    resize: Int?, cropSize: Int, interpolation: Interpolation, channels: Int
  ) {
    self.init(
      resizing: resize.map { .shorterSide($0) } ?? .none, cropSize: GridSize(side: cropSize),
      interpolation: interpolation, channels: channels)
  }

  /// The length that the shorter side is resized to, or `nil` if that is not what is done.
  package var resize: Int? {
    guard case .shorterSide(let side) = resizing else { return nil }
    return side
  }

  /// The same preprocessing for images that have their size already: only the middle is cut out.
  package var withoutResize: Preprocessing {
    Preprocessing(
      resizing: .none, cropSize: cropSize, interpolation: interpolation, channels: channels)
  }

  /// The bytes of one preprocessed image.
  package var pixelCount: Int { cropSize.count * channels }
}

extension Preprocessing: CustomStringConvertible {
  /// The fixed text that packed sets carry, as in `resize-248/bicubic/crop-224/channels-3`.
  package var description: String {
    func text(_ size: GridSize) -> String {
      size.isSquare ? "\(size.height)" : "\(size.height)x\(size.width)"
    }
    let way = interpolation.rawValue
    let resizing =
      switch resizing {
      case .none: "resize-none"
      case .shorterSide(let side): "resize-\(side)/\(way)"
      case .bothSides(let size): "squash-\(text(size))/\(way)"
      case .covering(let size): "cover-\(text(size))/\(way)"
      }
    return "\(resizing)/crop-\(text(cropSize))/channels-\(channels)"
  }
}
