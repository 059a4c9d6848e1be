import NetworkArchitectures
import SparseKernels

extension SwinPass {
  /// Adds the attention and the perceptron of a block to the residual stream.
  ///
  /// - Parameter last: The role of the last layer whose inputs are computed and shown; nothing
  ///   behind is computed. `nil` computes everything.
  mutating func apply(
    block: Int, count: Int, layers: [LayerWeights], through last: LayerRole? = nil
  ) {
    let plan = model.blocks[block].plan
    switch groups.attention[model.blocks[block].stage] {
    case .images(let images):
      for first in stride(from: 0, to: count, by: images) {
        let group = first..<min(first + images, count)
        attend(block: block, images: group, plan: plan, layers: layers, through: last)
      }
    case .windowRows(let rows):
      for image in 0..<count {
        for first in stride(from: 0, to: plan.windows.height, by: rows) {
          let group = first..<min(first + rows, plan.windows.height)
          attend(
            block: block, image: image, windowRows: group, plan: plan, layers: layers,
            through: last)
        }
      }
    }
    guard last != .qkv && last != .projection else { return }
    let all = count * plan.grid.count
    let rows = groups.perceptron[model.blocks[block].stage]
    for first in stride(from: 0, to: all, by: rows) {
      applyPerceptron(
        block: block, rows: first..<min(first + rows, all), layers: layers, through: last)
    }
  }

  /// Adds the attention of a block in whole images.
  private mutating func attend(
    block: Int, images: Range<Int>, plan: WindowPlan, layers: [LayerWeights],
    through last: LayerRole?
  ) {
    let (tokensOfImage, rows) = (plan.grid.count, images.count * plan.grid.count)
    let start = images.lowerBound * tokensOfImage
    arithmetic.normalize(
      tokens, model.blocks[block].attentionNorm, first: start, rows: rows, into: &layerInput)
    showInput(of: .qkv, block: block, layerInput, rows: rows)
    guard last != .qkv else { return }
    applyQueriesKeysValues(block: block, rows: rows, layers: layers)
    for image in 0..<images.count {
      arithmetic.attend(
        queriesKeysValues: wide, in: attentions[block], windows: plan.all,
        first: image * tokensOfImage, rows: tokensOfImage, into: &layerInput, &workspace)
    }
    showInput(of: .projection, block: block, layerInput, rows: rows)
    guard last != .projection else { return }
    arithmetic.apply(
      layer(.projection, of: block, layers), to: layerInput, rows: rows, addingTo: &tokens,
      from: start, &workspace)
  }

  /// Adds the attention of a block in some rows of windows of one image.
  ///
  /// Its rows of tokens lie in `layerInput` and `wide` as in the rolled map.
  private mutating func attend(
    block: Int, image: Int, windowRows: Range<Int>, plan: WindowPlan, layers: [LayerWeights],
    through last: LayerRole?
  ) {
    let width = plan.grid.width
    let rolled = plan.rolledRows(of: windowRows)
    let runs = plan.runs(ofRolled: rolled)
    let start = image * plan.grid.count
    var place = 0
    for run in runs {
      arithmetic.normalize(
        tokens, model.blocks[block].attentionNorm, first: start + run.lowerBound * width,
        rows: run.count * width, into: &layerInput, from: place)
      place += run.count * width
    }
    showInput(of: .qkv, block: block, layerInput, rows: place)
    guard last != .qkv else { return }
    applyQueriesKeysValues(block: block, rows: place, layers: layers)
    for windowRow in windowRows {
      let own = plan.rolledRows(of: windowRow..<windowRow + 1)
      arithmetic.attend(
        queriesKeysValues: wide, in: attentions[block], windows: plan.windows(ofRow: windowRow),
        first: (own.lowerBound - rolled.lowerBound) * width, rows: own.count * width,
        into: &layerInput, &workspace)
    }
    showInput(of: .projection, block: block, layerInput, rows: place)
    guard last != .projection else { return }
    place = 0
    for run in runs {
      arithmetic.apply(
        layer(.projection, of: block, layers), to: layerInput, first: place,
        rows: run.count * width, addingTo: &tokens, from: start + run.lowerBound * width,
        &workspace)
      place += run.count * width
    }
  }

  private mutating func applyQueriesKeysValues(block: Int, rows: Int, layers: [LayerWeights]) {
    arithmetic.apply(
      layer(.qkv, of: block, layers), to: layerInput, rows: rows, activation: nil, into: &wide,
      &workspace)
  }

  /// Adds the perceptron of a block in some rows.
  private mutating func applyPerceptron(
    block: Int, rows: Range<Int>, layers: [LayerWeights], through last: LayerRole?
  ) {
    arithmetic.normalize(
      tokens, model.blocks[block].perceptronNorm, first: rows.lowerBound, rows: rows.count,
      into: &layerInput)
    showInput(of: .fc1, block: block, layerInput, rows: rows.count)
    guard last != .fc1 else { return }
    arithmetic.apply(
      layer(.fc1, of: block, layers), to: layerInput, rows: rows.count, activation: .gelu,
      into: &wide, &workspace)
    showInput(of: .fc2, block: block, wide, rows: rows.count)
    guard last != .fc2 else { return }
    arithmetic.apply(
      layer(.fc2, of: block, layers), to: wide, rows: rows.count, addingTo: &tokens,
      from: rows.lowerBound, &workspace)
  }
}
