#pragma once

#include "byte_kernels.h"

namespace mol_edge::network {

/// For AArch64 with products of bytes that are added at once (ARMv8.2's SDOT).
void dotprod_byte_product(const ByteProduct& product);

}  // namespace mol_edge::network
