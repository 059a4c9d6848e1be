import LinearAlgebra
import NetworkArchitectures
import SparseKernels
import SparsityCore
import Testing
import VisionTransformers

/// A small random model and what it takes to run it.
struct SmallModel {
  let shape: TransformerShape
  let tensors: [String: Tensor]
  let weights: NetworkWeights
  let normalization: PixelNormalization
  let precision: Precision
  var layers: [LayerWeights]

  init(
    seed: UInt64, channels: Int = 3, isDistilled: Bool = false, precision: Precision = .f32
  ) throws {
    self.precision = precision
    shape = try smallShape(channels: channels, isDistilled: isDistilled)
    tensors = randomTensors(of: shape, seed: seed)
    weights = try NetworkWeights(architecture: shape, tensors: tensors)
    let channelIndices = (0..<channels).map(Float.init)
    normalization = try PixelNormalization(
      mean: channelIndices.map { 0.4 + 0.1 * $0 },
      standardDeviation: channelIndices.map { 0.2 + 0.1 * $0 })
    layers = Array(repeating: .dense, count: shape.network.prunableLayers.count)
  }

  var imagePixels: Int { shape.imageSize.count * shape.channels }

  func pixels(count: Int, seed: UInt64) -> [UInt8] {
    var generator = SeededGenerator(seed: seed)
    return (0..<count * imagePixels).map { _ in UInt8(generator.index(below: 256)) }
  }

  var packed: PackedVisionTransformer {
    holdToDetected()
    return PackedVisionTransformer(
      weights, shape: shape,
      packing: LayerPacking(precision: precision, variant: .best(within: .detected)))
  }

  func makePass(batchMax: Int) -> any ObservablePass & ~Copyable {
    limitThreadsToCaller()
    return packed.makeObservablePass(normalization: normalization, batchMax: batchMax)
  }

  func logits(pixels: [UInt8], count: Int, batchMax: Int) -> [Float] {
    var pass = makePass(batchMax: batchMax)
    var logits = [Float](repeating: .nan, count: count * shape.classes)
    var span = logits.mutableSpan
    pass.logits(pixels: pixels.span, count: count, layers: layers, into: &span)
    return logits
  }
}

func maximumDifference(_ a: [Float], _ b: [Float]) -> Float {
  precondition(a.count == b.count)
  return zip(a, b).map { abs($0 - $1) }.reduce(0) { $0.isNaN || $1.isNaN ? .nan : max($0, $1) }
}

/// What a pass has shown of its layers' inputs.
private final class Shown {
  var rows: [Int: [Float]] = [:]
}

struct ForwardPassTests {
  @Test(arguments: [(1, false), (3, false), (1, true), (3, true)], Precision.allCases)
  func `pixels and normalised images give the same logits`(
    kind: (channels: Int, isDistilled: Bool), precision: Precision
  ) throws {
    let channels = kind.channels
    let model = try SmallModel(
      seed: 1, channels: channels, isDistilled: kind.isDistilled, precision: precision)
    let pixels = model.pixels(count: 2, seed: 2)
    let side = model.shape.imageSize.height
    var normalized: [Float] = []
    for image in 0..<2 {
      for channel in 0..<channels {
        for place in 0..<side * side {
          let pixel = Float(pixels[(image * side * side + place) * channels + channel])
          normalized.append(
            (pixel / 255 - model.normalization.mean[channel])
              / model.normalization.standardDeviation[channel])
        }
      }
    }
    var pass = model.makePass(batchMax: 2)
    var logits = [Float](repeating: .nan, count: 2 * model.shape.classes)
    var span = logits.mutableSpan
    pass.logits(normalized: normalized.span, count: 2, layers: model.layers, into: &span)
    #expect(logits == model.logits(pixels: pixels, count: 2, batchMax: 2))
    #expect(logits.allSatisfy { $0.isFinite })
  }

  @Test(arguments: Precision.allCases)
  func `an image has the same logits alone and in a batch`(precision: Precision) throws {
    let model = try SmallModel(seed: 3, isDistilled: true, precision: precision)
    let pixels = model.pixels(count: 5, seed: 4)
    let together = model.logits(pixels: pixels, count: 5, batchMax: 5)
    for image in 0..<5 {
      let one = Array(pixels[image * model.imagePixels..<(image + 1) * model.imagePixels])
      let alone = model.logits(pixels: one, count: 1, batchMax: 1)
      let expected = Array(together[image * 5..<(image + 1) * 5])
      // In bf16, sums of another order may round to a neighbour, a 256th away.
      #expect(maximumDifference(alone, expected) < (precision == .bf16 ? 1e-2 : 1e-5))
    }
    // The images differ, so that the comparison means something.
    #expect(maximumDifference(Array(together[0..<5]), Array(together[5..<10])) > 1e-2)
  }

  @Test(arguments: Precision.allCases)
  func `a pass can be used again, also with fewer images`(precision: Precision) throws {
    let model = try SmallModel(seed: 5, precision: precision)
    let pixels = model.pixels(count: 3, seed: 6)
    let other = model.pixels(count: 4, seed: 7)
    let expected = model.logits(pixels: pixels, count: 3, batchMax: 3)
    var pass = model.makePass(batchMax: 4)
    var first = [Float](repeating: 0, count: 4 * model.shape.classes)
    var firstSpan = first.mutableSpan
    pass.logits(pixels: other.span, count: 4, layers: model.layers, into: &firstSpan)
    var second = [Float](repeating: 0, count: 3 * model.shape.classes)
    var secondSpan = second.mutableSpan
    pass.logits(pixels: pixels.span, count: 3, layers: model.layers, into: &secondSpan)
    #expect(second == expected)
  }

  @Test(arguments: 0..<4)
  func `inputs of a block's first layers are those of the whole block`(place: Int) throws {
    let model = try SmallModel(seed: 10)
    let width = model.shape.tokens * model.shape.width
    var generator = SeededGenerator(seed: 11)
    let tokens = (0..<2 * width).map { _ in Float(generator.unitInterval()) - 0.5 }
    var pass = model.makePass(batchMax: 2)
    func shown(_ body: (inout any ObservablePass & ~Copyable) -> Void) -> [Int: [Float]] {
      let inputs = Shown()
      pass.observeInput = { layer, rows in inputs.rows[layer] = rows.indices.map { rows[$0] } }
      body(&pass)
      pass.observeInput = nil
      return inputs.rows
    }
    let first = shown { pass in
      pass.showInputs(
        block: 1, through: 4 + place, layers: model.layers, count: 2, of: tokens.span)
    }
    let all = shown { pass in
      var after = [Float](repeating: 0, count: tokens.count)
      var result = after.mutableSpan
      pass.advance(
        block: 1, layers: model.layers, count: 2, of: tokens.span, into: &result)
    }
    #expect(all.keys.sorted() == [4, 5, 6, 7])
    #expect(first.keys.sorted() == Array(4...4 + place))
    for (layer, rows) in first { #expect(rows == all[layer]) }
  }

  @Test(arguments: 0..<8)
  func `replaced weights act in the layer they are given for`(layer: Int) throws {
    var model = try SmallModel(seed: 8)
    let pixels = model.pixels(count: 1, seed: 9)
    let name = model.shape.network.prunableLayers[layer].name + ".weight"
    let tensor = try #require(model.tensors[name])
    let halved = tensor.values.map { $0 / 2 }
    var tensors = model.tensors
    tensors[name] = Tensor(shape: tensor.shape, values: halved)
    let dense = model.logits(pixels: pixels, count: 1, batchMax: 1)
    let other = PackedVisionTransformer(
      try NetworkWeights(architecture: model.shape, tensors: tensors), shape: model.shape,
      packing: LayerPacking(precision: .f32, variant: .scalar))
    var pass = other.makeObservablePass(normalization: model.normalization, batchMax: 1)
    var expected = [Float](repeating: 0, count: model.shape.classes)
    var span = expected.mutableSpan
    pass.logits(pixels: pixels.span, count: 1, layers: model.layers, into: &span)

    let sizes = model.shape.network.prunableLayers[layer]
    model.layers[layer] = .replaced(
      DenseWeights(halved.span, outputs: sizes.outputs, inputs: sizes.inputs, format: .f32))
    let replaced = model.logits(pixels: pixels, count: 1, batchMax: 1)
    #expect(maximumDifference(replaced, expected) < 1e-5)
    #expect(maximumDifference(replaced, dense) > 1e-4)
  }

  @Test(arguments: 0..<8, Precision.allCases)
  func `sparse products give what the same zeros give in a dense product`(
    layer: Int, precision: Precision
  ) throws {
    var model = try SmallModel(seed: 10, precision: precision)
    let pixels = model.pixels(count: 2, seed: 11)
    let parameters = model.weights.prunableLayer(at: layer)
    let pattern = try #require(NMPattern("2:4"))
    // Keeps the first two weights of every four; the row ends inside no group.
    let pruned = parameters.weights.enumerated().map { index, value in
      index % parameters.inputs % 4 < 2 ? value : 0
    }
    let compressed = try CompressedWeights(
      pruned: pruned.span, outputs: parameters.outputs, inputs: parameters.inputs,
      pattern: pattern)
    let dense = model.logits(pixels: pixels, count: 2, batchMax: 2)
    model.layers[layer] = model.packed.layerWeights(compressed, at: layer, form: .dense)
    let expected = model.logits(pixels: pixels, count: 2, batchMax: 2)
    let forms: [ProductForm] = precision == .bf16 ? [.columns, .pairs] : [.columns]
    for form in forms {
      model.layers[layer] = model.packed.layerWeights(compressed, at: layer, form: form)
      let sparse = model.logits(pixels: pixels, count: 2, batchMax: 2)
      // In bf16, sums of another order may round to a neighbour, a 256th away.
      #expect(maximumDifference(sparse, expected) < (precision == .bf16 ? 2e-2 : 1e-5))
      #expect(maximumDifference(sparse, dense) > 1e-4)
    }
  }

  @Test func `bf16 is close to fp32`() throws {
    let exact = try SmallModel(seed: 14, isDistilled: true)
    let rounded = try SmallModel(seed: 14, isDistilled: true, precision: .bf16)
    let pixels = exact.pixels(count: 3, seed: 15)
    let expected = exact.logits(pixels: pixels, count: 3, batchMax: 3)
    let found = rounded.logits(pixels: pixels, count: 3, batchMax: 3)
    #expect(maximumDifference(found, expected) < 3e-2)
    #expect(found != expected)
  }

  @Test func `the observer sees every place once, in order`() throws {
    let model = try SmallModel(seed: 12)
    let pixels = model.pixels(count: 2, seed: 13)
    var pass = model.makePass(batchMax: 3)
    var places: [ObservedPlace] = []
    var counts: [Int] = []
    pass.observe = { place, tokens in
      places.append(place)
      counts.append(tokens.count)
    }
    var logits = [Float](repeating: 0, count: 2 * model.shape.classes)
    var span = logits.mutableSpan
    pass.logits(pixels: pixels.span, count: 2, layers: model.layers, into: &span)
    #expect(places == [.embedding, .block(0), .block(1)])
    let all = 2 * model.shape.tokens * model.shape.width
    #expect(counts == [all, all, 2 * model.shape.width])
  }
}
