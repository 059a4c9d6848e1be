/// How an image is resampled when its size changes.
package enum Interpolation: String, CaseIterable, Hashable, Sendable {
  /// Cubic convolution with a = −0.5, widened when the image shrinks, as in Pillow.
  case bicubic
  /// Linear interpolation, widened when the image shrinks, as in Pillow.
  case bilinear
}

/// How an image becomes the pixels that a model sees: resize, then crop the centre.
package struct Preprocessing: Hashable, Sendable {
  /// The length that the shorter side is resized to, or `nil` to keep the image's size.
  package let resize: Int?
  /// The side of the square that is cut from the centre.
  package let cropSize: Int
  /// How pixels are resampled.
  package let interpolation: Interpolation
  /// The channels of a pixel: 1 (grey) or 3 (red, green, blue).
  package let channels: Int

  /// Creates a way of preprocessing.
  package init(
    resize: Int?, cropSize: Int, interpolation: Interpolation, channels: Int
  ) {
    precondition(resize.map { $0 > 0 } ?? true)
    precondition(cropSize > 0)
    precondition(channels == 1 || channels == 3)
    self.resize = resize
    self.cropSize = cropSize
    self.interpolation = interpolation
    self.channels = channels
  }

  /// The same preprocessing for images that have their size already: only the middle is cut out.
  package var withoutResize: Preprocessing {
    Preprocessing(
      resize: nil, cropSize: cropSize, interpolation: interpolation, channels: channels)
  }

  /// The bytes of one preprocessed image.
  package var pixelCount: Int { cropSize * cropSize * channels }
}

extension Preprocessing: CustomStringConvertible {
  /// The fixed text that packed sets carry, as in `resize-248/bicubic/crop-224/channels-3`.
  package var description: String {
    let resizing = resize.map { "resize-\($0)/\(interpolation.rawValue)" } ?? "resize-none"
    return "\(resizing)/crop-\(cropSize)/channels-\(channels)"
  }
}
