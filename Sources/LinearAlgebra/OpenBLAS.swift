import CLAPACK

/// Makes OpenBLAS compute in the calling thread alone; Elsa's own threads share the work.
private let singleThreaded: Void = { openblas_set_num_threads(1) }()

/// Is called before any of OpenBLAS's functions.
func prepareOpenBLAS() { singleThreaded }

/// Returns a count as OpenBLAS takes it.
///
/// - Precondition: `count` fits 32 bits.
func blasCount(_ count: Int) -> Int32 {
  guard let narrow = Int32(exactly: count) else {
    preconditionFailure("a matrix of \(count) rows or columns is too large for OpenBLAS")
  }
  return narrow
}
