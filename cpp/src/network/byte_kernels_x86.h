#pragma once

#include "byte_kernels.h"

#if defined(__x86_64__)
#define MOL_EDGE_AVX512_VNNI
#if (defined(__clang__) && __clang_major__ >= 12) || (!defined(__clang__) && __GNUC__ >= 11)
#define MOL_EDGE_AVX_VNNI
#if defined(__linux__)
#define MOL_EDGE_AMX
#endif
#endif
#endif

namespace mol_edge::network {

/// For AVX2 and FMA: call nothing of them on a processor that lacks either.
ByteKernels avx2_byte_kernels();
/// For these and products of bytes that are added at once: VNNI of AVX-512, or of AVX.
ByteKernels avx512_vnni_byte_kernels();
ByteKernels avx_vnni_byte_kernels();
/// For AMX on bytes and all of these, once `may_use_amx` has said that this process may.
ByteKernels amx_byte_kernels();
/// Asks the system for the state of AMX's registers.
bool may_use_amx();

}  // namespace mol_edge::network
