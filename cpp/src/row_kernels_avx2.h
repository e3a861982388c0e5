#pragma once

#include "row_kernels.h"

namespace mol_edge {

/// Kernels for AVX2 and FMA. Call nothing of them on a processor that lacks either; elsewhere than
/// on x86-64 there are none, and calling this ends the program.
const RowKernels& avx2_row_kernels();

}  // namespace mol_edge
