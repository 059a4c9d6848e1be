import SparsityCore

/// How the tensors of a checkpoint stand for those of a network, in timm's names.
package struct CheckpointReading: Sendable {
  /// Where the values of each tensor are, by its name in timm; also of those that the network may
  /// turn out not to have.
  package private(set) var sources: [String: TensorSource] = [:]
  /// The tensors of the checkpoint that are left out, sorted.
  package private(set) var dropped: [String] = []
  /// What was done beyond reading each tensor by its name, in sentences without a full stop.
  package private(set) var notifications: [String] = []

  /// Reads the names of a checkpoint.
  ///
  /// - Parameters:
  ///   - tensors: All tensors of the checkpoint.
  ///   - metadata: The texts of the file; `save_model` of safetensors leaves out tied tensors and
  ///     says there which tensor each is.
  ///   - architecture: The family whose names are asked for.
  package init(
    _ tensors: [StoredTensor], metadata: [String: String] = [:],
    for architecture: any NetworkArchitecture
  ) {
    var rest = tensors
    dropMasksOfASP(&rest)
    let masked = Self.takeMasked(&rest)
    let compressed = Self.takeCompressed(&rest)
    let known = Set(architecture.network.tensors.map(\.name))
    let ofTransformers = TransformersNames.sources(of: rest.map(\.name))
    var found = ofTransformers ?? Self.asStored(rest.map(\.name))
    if ofTransformers != nil {
      notifications.append("its tensors have the names of the library transformers")
    }
    let integers = Set(rest.filter { !$0.isFloatingPoint }.map(\.name))
    for (name, source) in found where !known.contains(name) {
      guard case .stored(let stored) = source, integers.contains(stored) else { continue }
      found[name] = nil
      dropped.append(stored)
    }
    found.merge(masked) { own, _ in own }
    found.merge(compressed) { own, _ in own }
    let stored = Set(tensors.map(\.name))
    for (name, kept) in metadata.sorted(by: { $0.key < $1.key })
    where !stored.contains(name) && stored.contains(kept) && name.contains(".") {
      found[name] = .stored(kept)
      notifications.append("\(name) is tied to \(kept)")
    }
    let names = architecture.checkpointNames(for: found.keys.sorted())
    for (name, source) in found {
      if let timm = names[name] { sources[timm] = source } else { dropped += source.names }
    }
    dropped.sort()
    finish(maskedCount: masked.count)
  }

  /// Masks of NVIDIA's ASP say which weights it has set to zero; the weights are zero already.
  private mutating func dropMasksOfASP(_ tensors: inout [StoredTensor]) {
    let masks = tensors.filter { $0.name.hasSuffix("_mma_mask") }
    guard !masks.isEmpty else { return }
    tensors.removeAll { $0.name.hasSuffix("_mma_mask") }
    dropped += masks.map(\.name)
    notifications.append(
      "\(counted(masks.count, "mask")) of ASP \(masks.count == 1 ? "is" : "are") left out: weights "
        + "are taken as they are, as PyTorch computes with them")
  }

  /// Takes out the pairs of `torch.nn.utils.prune`: `X_orig` and `X_mask`.
  private static func takeMasked(_ tensors: inout [StoredTensor]) -> [String: TensorSource] {
    let names = Set(tensors.map(\.name))
    var sources: [String: TensorSource] = [:]
    var taken: Set<String> = []
    for tensor in tensors where tensor.name.hasSuffix("_orig") {
      let name = String(tensor.name.dropLast("_orig".count))
      let mask = "\(name)_mask"
      guard names.contains(mask), !names.contains(name) else { continue }
      sources[name] = .masked(weights: tensor.name, mask: mask)
      taken.formUnion([tensor.name, mask])
    }
    tensors.removeAll { taken.contains($0.name) }
    return sources
  }

  /// Takes out the parts of weights that `elsa prune --compressed` wrote.
  private static func takeCompressed(_ tensors: inout [StoredTensor]) -> [String: TensorSource] {
    var sources: [String: TensorSource] = [:]
    for tensor in tensors where tensor.name.hasSuffix(".weight.values") {
      let name = String(tensor.name.dropLast(".values".count))
      sources[name] = .compressed(name)
    }
    tensors.removeAll {
      $0.name.hasSuffix(".weight.values") || $0.name.hasSuffix(".weight.indices")
    }
    return sources
  }

  private static func asStored(_ names: [String]) -> [String: TensorSource] {
    Dictionary(uniqueKeysWithValues: names.map { ($0, .stored($0)) })
  }

  private mutating func finish(maskedCount: Int) {
    if maskedCount > 0 {
      notifications.append(
        "\(counted(maskedCount, "tensor")) of torch.nn.utils.prune: each is the original times its "
          + "mask")
    }
    let buffers = dropped.filter { !$0.hasSuffix("_mma_mask") }
    guard let first = buffers.first else { return }
    notifications.append(
      "\(counted(buffers.count, "tensor")) that \(buffers.count == 1 ? "is" : "are") no weight "
        + "\(buffers.count == 1 ? "is" : "are") left out: \(first)"
        + (buffers.count > 1 ? " and others" : ""))
  }
}
