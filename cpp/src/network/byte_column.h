#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mol_edge::network {

/// What a column of weights became: one step of its bytes, and their sum.
struct ByteColumn {
    float scale;
    std::int32_t sum;
};

/// Brings weights, in units of inputs, to bytes in a column of a panel of so many columns: as
/// finely as `kMostByteWeight` and `kMostByteSum` allow. `to` is the column's first byte.
ByteColumn byte_column(const std::vector<float>& weights, int panel, std::int8_t* to);

/// The same with magnitudes of at most `kMostNibbleWeight`: with the step of the least squared
/// error.
ByteColumn nibble_column(const std::vector<float>& weights, int panel, std::int8_t* to);

/// Brings `count` such weights of whole panels to half of their size, in place; see `kNibbleBlock`.
void to_nibbles(std::int8_t* bytes, std::ptrdiff_t count);

}  // namespace mol_edge::network
