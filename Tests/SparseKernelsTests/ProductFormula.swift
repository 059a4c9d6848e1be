import Foundation
import SparseKernels
import SparsityCore

/// A layer's products x · Wᵀ + bias in double precision, and what rounding may make of them.
struct ProductFormula {
  /// The exact sums, (tokens × outputs).
  private(set) var sums: [Double] = []
  /// The sums of magnitudes, which bound the rounding of the sums.
  private var magnitudes: [Double] = []
  /// The products of a sum.
  private let terms: Int

  /// Multiplies (outputs × inputs) weights by (tokens × inputs) activations.
  init(weights: [Float], x: [Float], tokens: Int, outputs: Int, bias: [Float]?, terms: Int) {
    let inputs = x.count / tokens
    self.terms = terms
    for token in 0..<tokens {
      for output in 0..<outputs {
        var sum = bias.map { Double($0[output]) } ?? 0
        var magnitude = abs(sum)
        for input in 0..<inputs {
          let product =
            Double(weights[output * inputs + input]) * Double(x[token * inputs + input])
          sum += product
          magnitude += abs(product)
        }
        sums.append(sum)
        magnitudes.append(magnitude)
      }
    }
  }

  /// Returns the places of results that rounding alone does not explain.
  ///
  /// Each product and each sum rounds once, by at most half a unit of the magnitude. The slope of
  /// GELU is at most 1.13, and its error function has an error of its own. A result that is stored
  /// in bf16 rounds to 8 bits, and to zero below the normal numbers.
  func deviations(
    of found: [Float], epilogue: Epilogue, start: [Float], isRoundedToBF16: Bool = false
  ) -> [Int] {
    precondition(found.count == sums.count)
    return found.indices.filter { place in
      var expected = sums[place]
      var bound = Double(2 * terms + 1) * 0x1p-24 * magnitudes[place]
      switch epilogue {
      case .store: break
      case .storeGELU:
        bound = 1.13 * bound + 0.5 * (abs(expected) + bound) * (1e-6 + 6 * 0x1p-24)
        expected = 0.5 * expected * (1 + erf(expected / 2.0.squareRoot()))
      case .add:
        expected += Double(start[place])
        bound += 0x1p-24 * (abs(expected) + bound)
      }
      if isRoundedToBF16 { bound += (abs(expected) + bound) * 0x1p-8 + 0x1p-126 }
      return !(abs(Double(found[place]) - expected) <= bound)
    }
  }
}
