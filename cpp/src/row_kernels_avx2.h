#pragma once

#include "row_kernels.h"

namespace mol_edge {

#if defined(__x86_64__)
/// Kernels for AVX2 and FMA: call nothing of them on a processor that lacks either.
const RowKernels& avx2_row_kernels();
#endif

}  // namespace mol_edge
