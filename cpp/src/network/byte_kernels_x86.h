#pragma once

#include "byte_kernels.h"

#if defined(__x86_64__)
#define MOL_EDGE_AVX512_VNNI
#if (defined(__clang__) && __clang_major__ >= 12) || (!defined(__clang__) && __GNUC__ >= 11)
#define MOL_EDGE_AVX_VNNI
#endif
#endif

namespace mol_edge::network {

/// For AVX2 and FMA: call nothing of them on a processor that lacks either.
ByteKernels avx2_byte_kernels();
/// For these and products of bytes that are added at once: VNNI of AVX-512, or of AVX.
ByteKernels avx512_vnni_byte_kernels();
ByteKernels avx_vnni_byte_kernels();

}  // namespace mol_edge::network
