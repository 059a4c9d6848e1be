import Evaluation
import Foundation
import SparsityCore
import Testing

struct CrossEntropyTests {
  @Test func `the exponential agrees with the C library's`() {
    var generator = SeededGenerator(seed: 1)
    for _ in 0..<10_000 {
      let x = -700 * pow(generator.unitInterval(), 4)
      #expect(abs(exponential(x) - exp(x)) <= 2 * exp(x).ulp)
    }
    #expect(exponential(0) == 1)
    #expect(exponential(-1e300) == 0)
  }

  @Test func `the logarithm agrees with the C library's`() {
    var generator = SeededGenerator(seed: 2)
    for _ in 0..<10_000 {
      let x = exp(12 * pow(generator.unitInterval(), 4))
      #expect(abs(logarithm(x) - log(x)) <= 2 * max(log(x).ulp, Double.ulpOfOne * log(x)))
    }
    #expect(logarithm(1) == 0)
    #expect(logarithm(2) == log(2))
  }

  @Test func `equal logits give the logarithm of the number of classes`() {
    let logits = [Float](repeating: -3.5, count: 1000)
    #expect(abs(crossEntropy(logits: logits.span, label: 7) - log(1000)) < 1e-14)
  }

  @Test func `large logits do not overflow`() {
    let logits: [Float] = [3e38, -3e38, 0]
    #expect(crossEntropy(logits: logits.span, label: 0) == 0)
    #expect(crossEntropy(logits: logits.span, label: 2) == Double(Float(3e38)))
  }

  @Test func `the loss is that of the definition`() {
    let logits: [Float] = [0.25, -1.5, 3, 2.75]
    let sum = logits.reduce(0) { $0 + exp(Double($1)) }
    for label in logits.indices {
      let expected = log(sum) - Double(logits[label])
      #expect(abs(crossEntropy(logits: logits.span, label: label) - expected) < 1e-14)
    }
  }
}
