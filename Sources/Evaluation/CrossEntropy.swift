/// Returns the cross-entropy of a label: log Σ exp(logits) − logits[label], in double precision.
///
/// Uses only operations that IEEE 754 defines to the last bit, so that the loss is the same on
/// every machine; the exponential and the logarithm of C libraries differ between versions and
/// processors.
///
/// - Precondition: the logits are finite and have a place for the label.
package func crossEntropy(logits: Span<Float>, label: Int) -> Double {
  precondition(logits.indices.contains(label))
  var maximum = -Float.infinity
  for index in logits.indices { maximum = max(maximum, logits[index]) }
  precondition(maximum.isFinite)
  var sum = 0.0
  for index in logits.indices {
    sum += exponential(Double(logits[index]) - Double(maximum))
  }
  return logarithm(sum) + (Double(maximum) - Double(logits[label]))
}

/// The logarithm of two in two parts; the first has so few bits that products of it are exact.
private let (logTwoHigh, logTwoLow) = (0x1.62E42FEEp-1, 0x1.A39EF35793C76p-33)

/// Returns eˣ for x ≤ 0, within two units in the last place; zero below −700.
///
/// With k the integer nearest to x / log 2, eˣ = 2ᵏ · eʳ where |r| ≤ 0.35: a Taylor polynomial.
package func exponential(_ x: Double) -> Double {
  precondition(x <= 0)
  guard x > -700 else { return 0 }
  let exponent = (x * 0x1.71547652B82FEp0).rounded(.toNearestOrEven)
  let rest = (x - exponent * logTwoHigh) - exponent * logTwoLow
  var sum = 1.0
  for term in stride(from: 13.0, through: 1, by: -1) { sum = 1 + sum * rest / term }
  return Double(sign: .plus, exponent: Int(exponent), significand: 1) * sum
}

/// Returns the natural logarithm of a finite x ≥ 1, within two units in the last place.
///
/// With x = m · 2ᵏ and √½ < m ≤ √2, log x = k · log 2 + 2 · artanh((m − 1) / (m + 1)).
package func logarithm(_ x: Double) -> Double {
  precondition(x >= 1 && x.isFinite)
  var exponent = Double(x.exponent)
  var significand = x.significand
  if significand > 0x1.6A09E667F3BCDp0 {
    significand /= 2
    exponent += 1
  }
  let ratio = (significand - 1) / (significand + 1)
  let square = ratio * ratio
  var sum = 0.0
  for denominator in stride(from: 23.0, through: 1, by: -2) { sum = sum * square + 1 / denominator }
  return exponent * logTwoHigh + (exponent * logTwoLow + 2 * ratio * sum)
}
