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

/// Lends the address of the first element of a span, or `nil` without a span.
func withOptionalStart<Element, Result>(
  of span: Span<Element>?, _ body: (UnsafePointer<Element>?) -> Result
) -> Result {
  guard let span else { return body(nil) }
  return unsafe withStart(of: span) { unsafe body($0) }
}
