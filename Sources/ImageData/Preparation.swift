import ModelFiles
import NetworkArchitectures

/// Returns the pixels of an image after resize and centre crop, as torchvision does them.
///
/// - Precondition: The image has the channels of the preprocessing.
package func prepared(_ image: PixelImage, _ preprocessing: Preprocessing) -> [UInt8] {
  precondition(image.channels == preprocessing.channels)
  let (width, height) = resizedSize(
    width: image.width, height: image.height, preprocessing.resizing)
  let crop = preprocessing.cropSize
  let columns = CentreCrop(length: width, cropLength: crop.width)
  let rows = CentreCrop(length: height, cropLength: crop.height)
  let part = Resampling.resized(
    image, width: width, height: height, columns: columns.source, rows: rows.source,
    interpolation: preprocessing.interpolation)
  // An image one pixel short has nothing before it, but the missing pixel behind it.
  if part.width == crop.width, part.height == crop.height { return part.pixels }
  return padded(part, to: crop, left: columns.padding, top: rows.padding)
}

/// Returns the size that an image is brought to.
func resizedSize(
  width: Int, height: Int, _ resizing: ImageResizing
) -> (width: Int, height: Int) {
  switch resizing {
  case .none: return (width, height)
  case .shorterSide(let side):
    return resizedSize(width: width, height: height, shorterSide: side)
  case .bothSides(let size): return (size.width, size.height)
  case .covering(let size):
    // As timm's ResizeKeepRatio.
    let ratio = min(
      Double(height) / Double(size.height), Double(width) / Double(size.width))
    func side(_ length: Int) -> Int {
      max(Int((Double(length) / ratio).rounded(.toNearestOrEven)), 1)
    }
    return (side(width), side(height))
  }
}

/// Returns the size after torchvision's `Resize(shorterSide)`: the longer side is rounded down.
package func resizedSize(width: Int, height: Int, shorterSide: Int?) -> (width: Int, height: Int) {
  guard let shorterSide, shorterSide != min(width, height) else { return (width, height) }
  let ratio = { (long: Int, short: Int) in Int(Double(shorterSide * long) / Double(short)) }
  return width <= height
    ? (shorterSide, ratio(height, width)) : (ratio(width, height), shorterSide)
}

/// What a centre crop takes of one direction, as torchvision's `CenterCrop` does.
package struct CentreCrop: Equatable, Sendable {
  /// The positions that are taken.
  package let source: Range<Int>
  /// The zeros before them, if there are fewer positions than wanted; the others come after them.
  package let padding: Int

  /// Finds the centre of `length` positions.
  package init(length: Int, cropLength: Int) {
    if length < cropLength {
      self.source = 0..<length
      self.padding = (cropLength - length) / 2
      return
    }
    let start = Int((Double(length - cropLength) / 2).rounded(.toNearestOrEven))
    self.source = start..<start + cropLength
    self.padding = 0
  }
}

/// Returns the pixels of a rectangle that holds the image, zero around it.
private func padded(_ image: PixelImage, to size: GridSize, left: Int, top: Int) -> [UInt8] {
  var pixels = [UInt8](repeating: 0, count: size.count * image.channels)
  let lineSize = image.width * image.channels
  for row in 0..<image.height {
    let target = ((row + top) * size.width + left) * image.channels
    for index in 0..<lineSize { pixels[target + index] = image.pixels[row * lineSize + index] }
  }
  return pixels
}
