#include <oneapi/dnnl/dnnl.h>

/// Sets the OpenMP team size of the calling thread (libgomp, which oneDNN is built with).
void omp_set_num_threads(int count);
