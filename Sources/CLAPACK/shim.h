#include <cblas.h>
#include <lapacke.h>

/// Sets the threads of every product of this process (OpenBLAS, which BLAS and LAPACK come from).
void openblas_set_num_threads(int count);
