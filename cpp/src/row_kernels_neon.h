#pragma once

#include "row_kernels.h"

namespace mol_edge {

#if defined(__aarch64__)
/// Kernels for NEON, which every AArch64 processor has.
const RowKernels& neon_row_kernels();
#endif

}  // namespace mol_edge
