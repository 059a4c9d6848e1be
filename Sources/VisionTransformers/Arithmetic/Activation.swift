import LinearAlgebra
import NetworkArchitectures
import SparseKernels
import SparsityCore

/// A number between two operations of a pass; sums, statistics and tokens are fp32 in all formats.
protocol Activation: BitwiseCopyable, Sendable {
  static var zero: Self { get }

  /// Rounds a number to the format.
  init(rounding value: Float)

  /// The number in single precision, exactly.
  var float: Float { get }

  /// Replaces each value v by v · σ(v · (linear + cubic · v²)).
  static func gate(
    _ values: inout MutableSpan<Self>, linear: Float, cubic: Float, variant: KernelVariant)

  /// Normalises rows of tokens: LayerNorm with scale and shift.
  static func normalize(
    _ x: Span<Float>, rows: Int, by norm: NormParameters, epsilon: Float,
    into y: inout MutableSpan<Self>, variant: KernelVariant)

  /// Computes the attention of one image.
  static func attend(
    _ queriesKeysValues: Span<Self>, shape: AttentionShape, queries: Int, scale: Float,
    into y: inout MutableSpan<Self>, scratch: inout MutableSpan<Float>, variant: KernelVariant)

  /// Computes the attention of some windows.
  static func attend(
    _ queriesKeysValues: Span<Self>, in attention: WindowAttention<Self>,
    windows: AttentionWindows, scale: Float, into y: inout MutableSpan<Self>,
    scratch: inout MutableSpan<Float>, variant: KernelVariant)

  /// Applies a prunable layer, and an activation function behind it if asked for.
  static func apply(
    _ layer: PreparedLayer, to x: Span<Self>, rows: Int, activation: PerceptronActivation?,
    into y: inout MutableSpan<Self>, _ workspace: inout Workspace, variant: KernelVariant)

  /// Adds a prunable layer to fp32 numbers.
  static func apply(
    _ layer: PreparedLayer, to x: Span<Self>, rows: Int, addingTo y: inout MutableSpan<Float>,
    _ workspace: inout Workspace, variant: KernelVariant)

  /// Adds a dense layer to fp32 numbers.
  static func multiply(
    _ weights: DenseWeights, by x: Span<Self>, rows: Int, bias: [Float],
    addingTo y: inout MutableSpan<Float>, _ workspace: inout Workspace, variant: KernelVariant)
}

/// What the attention in windows of a block has beside queries, keys and values.
struct WindowAttention<Number: Activation>: Sendable {
  /// What is added to scores.
  let bias: AttentionBias
  /// The numbers of a head.
  let headWidth: Int
  /// The queries, keys and values of a token that pads.
  let padding: [Number]

  /// The numbers of a token: those of all heads.
  var width: Int { bias.heads * headWidth }
}
