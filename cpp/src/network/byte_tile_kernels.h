#pragma once

#include "byte_kernels.h"
#include "vectors.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mol_edge::network {
namespace {

using ByteValues = std::uint8_t __attribute__((vector_size(kByteUnit)));
using WordValues = std::int16_t __attribute__((vector_size(2 * kByteUnit)));

/// Values of bytes from which `Offset` was taken off.
template <int Offset>
MOL_EDGE_NETWORK_INLINE void load_values(const std::uint8_t* from, WordValues& to) {
    ByteValues bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    to = __builtin_convertvector(bytes + static_cast<std::uint8_t>(Offset), WordValues);
}

template <int Offset>
MOL_EDGE_NETWORK_INLINE void store_difference(WordValues difference, std::uint8_t* to) {
    const WordValues least = WordValues{} - std::int16_t{kNoDifference};
    const WordValues most = WordValues{} + std::int16_t{kMostByte - kNoDifference};
    difference = difference < least ? least : difference;
    difference = difference > most ? most : difference;
    const ByteValues bytes =
        __builtin_convertvector(difference + std::int16_t{kNoDifference - Offset}, ByteValues);
    std::memcpy(to, &bytes, sizeof bytes);
}

template <int Offset>
MOL_EDGE_NETWORK_TARGET void differ(const ByteDifferences& line) {
    for (int i = 0; i < line.count; i += kByteUnit) {
        const std::uint8_t* const from = line.from + i;
        WordValues here;
        WordValues right;
        WordValues below;
        WordValues beyond;
        load_values<Offset>(from, here);
        load_values<Offset>(from + line.step, right);
        load_values<Offset>(from + line.row, below);
        load_values<Offset>(from + line.row + line.step, beyond);
        store_difference<Offset>(here - right, line.across + i);
        store_difference<Offset>(here - below, line.down + i);
        store_difference<Offset>(here - right - below + beyond, line.both + i);
    }
}

template <class Vector>
MOL_EDGE_NETWORK_INLINE void byte_tile(const ByteTiles& p, int tile, int column, float* to,
                                       std::ptrdiff_t row_step, std::ptrdiff_t pixel_step) {
    const float* const from = p.from + tile * kBytePanel + column;
    Vector rows[2][3];
#pragma GCC unroll 3
    for (int x = 0; x < 3; ++x) {
        Vector points[3];
#pragma GCC unroll 3
        for (int y = 0; y < 3; ++y) load(from + (y * 3 + x) * p.point_step, points[y]);
        rows[0][x] = points[0] + points[1];
        rows[1][x] = points[1] + points[2];
    }
    Vector bias;
    load(p.bias + column, bias);
#pragma GCC unroll 2
    for (int y = 0; y < 2; ++y) {
#pragma GCC unroll 2
        for (int x = 0; x < 2; ++x) {
            Vector value = rows[y][x] + rows[y][x + 1] + bias;
            activate(p.slope, value);
            store(value, to + y * row_step + x * pixel_step);
        }
    }
}

template <class Vector>
MOL_EDGE_NETWORK_TARGET void byte_tiles(const ByteTiles& p) {
    constexpr int lanes = kLanes<Vector>;
    for (int tile = 0; tile < p.count; ++tile) {
        float* const out = p.outs[tile];
        if (p.columns == kBytePanel) {
            for (int column = 0; column < kBytePanel; column += lanes) {
                byte_tile<Vector>(p, tile, column, out + column, p.row_step, p.pixel_step);
            }
            continue;
        }
        float whole[4 * kBytePanel];
        for (int column = 0; column < kBytePanel; column += lanes) {
            byte_tile<Vector>(p, tile, column, whole + column, 2 * kBytePanel, kBytePanel);
        }
        for (int pixel = 0; pixel < 4; ++pixel) {
            std::memcpy(out + pixel / 2 * p.row_step + pixel % 2 * p.pixel_step,
                        whole + pixel * kBytePanel,
                        static_cast<std::size_t>(p.columns) * sizeof *out);
        }
    }
}

}  // namespace
}  // namespace mol_edge::network
