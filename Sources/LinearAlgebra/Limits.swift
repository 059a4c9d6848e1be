import COneDNN
import SparsityCore

/// Makes dense products of the calling thread run on that thread alone.
///
/// oneDNN's OpenMP gives every calling thread a team of its own otherwise. Each thread that
/// computes calls this once, before its first product.
package func limitThreadsToCaller() {
  omp_set_num_threads(1)
}

/// Limits the instructions of dense products, so that equal limits give equal bits.
///
/// - Throws: ``LinearAlgebraError`` if a product or another limit came first in this process, or
///   if the processor lacks the instructions.
package func limitInstructions(to set: InstructionSet) throws(LinearAlgebraError) {
  let level = oneDNNLevel(of: set)
  guard dnnl_set_max_cpu_isa(level) == dnnl_success else { throw .limitTooLate(set) }
  guard dnnl_get_effective_cpu_isa() == level else {
    throw .unsupportedInstructions(asked: set)
  }
}

/// Returns oneDNN's name of an instruction set; its lowest level is SSE 4.1.
private func oneDNNLevel(of set: InstructionSet) -> dnnl_cpu_isa_t {
  switch set {
  case .baseline: dnnl_cpu_isa_sse41
  case .avx2: dnnl_cpu_isa_avx2
  case .avx512: dnnl_cpu_isa_avx512_core
  case .avx512bf16: dnnl_cpu_isa_avx512_core_bf16
  }
}
