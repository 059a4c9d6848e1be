import SparsityCore

/// Lends the address of the first element of a span that is not empty.
func withStart<Element, Result>(
  of span: Span<Element>, _ body: (UnsafePointer<Element>) -> Result
) -> Result {
  unsafe span.withUnsafeBufferPointer { buffer in
    guard let start = buffer.baseAddress else { preconditionFailure("the span is empty") }
    return unsafe body(start)
  }
}

/// Lends the address of the first element of a mutable span that is not empty.
func withStart<Element, Result>(
  of span: inout MutableSpan<Element>, _ body: (UnsafeMutablePointer<Element>) -> Result
) -> Result {
  unsafe span.withUnsafeMutableBufferPointer { buffer in
    guard let start = buffer.baseAddress else { preconditionFailure("the span is empty") }
    return unsafe body(start)
  }
}

/// A number format of activations, of which C has a type.
protocol CNumber: BitwiseCopyable {
  /// The type that C kernels know its numbers by.
  associatedtype CType: BitwiseCopyable
}

extension Float: CNumber {
  typealias CType = Float
}

extension BF16: CNumber {
  typealias CType = UInt16
}

/// Lends the address of the first number of a span that is not empty, as C knows it.
func withNumbers<Number: CNumber, Result>(
  of span: Span<Number>, _ body: (UnsafePointer<Number.CType>) -> Result
) -> Result {
  unsafe span.withUnsafeBytes { bytes in
    guard let start = bytes.baseAddress else { preconditionFailure("the span is empty") }
    return unsafe body(start.assumingMemoryBound(to: Number.CType.self))
  }
}

/// Lends the address of the first number of a mutable span that is not empty, as C knows it.
func withNumbers<Number: CNumber, Result>(
  of span: inout MutableSpan<Number>, _ body: (UnsafeMutablePointer<Number.CType>) -> Result
) -> Result {
  unsafe span.withUnsafeMutableBytes { bytes in
    guard let start = bytes.baseAddress else { preconditionFailure("the span is empty") }
    return unsafe body(start.assumingMemoryBound(to: Number.CType.self))
  }
}

/// Lends the address of the first element of a span, or `nil` without a span.
func withOptionalStart<Element, Result>(
  of span: Span<Element>?, _ body: (UnsafePointer<Element>?) -> Result
) -> Result {
  guard let span else { return body(nil) }
  return unsafe withStart(of: span) { unsafe body($0) }
}
