#pragma once

#include <cstdint>
#include <vector>

namespace mol_edge::network {

/// What a column of weights became: one step of its bytes, and their sum.
struct ByteColumn {
    float scale;
    std::int32_t sum;
};

/// Brings weights, in units of inputs, to bytes in a column of a panel: as finely as
/// `kMostByteWeight` and `kMostByteSum` allow. `to` is the column's first byte.
ByteColumn byte_column(const std::vector<float>& weights, std::int8_t* to);

}  // namespace mol_edge::network
