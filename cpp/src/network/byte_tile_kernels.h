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

/// Vectors of the sums of a tile's points to those of its outputs.
template <class Vector, int Panel>
MOL_EDGE_NETWORK_INLINE void byte_tile(const std::int32_t* from, std::ptrdiff_t point_step,
                                       const float* scales, const Vector& bias, float slope,
                                       float* to, std::ptrdiff_t row_step,
                                       std::ptrdiff_t pixel_step) {
    using Sums = decltype(Vector{} < Vector{});
    Vector rows[2][3];
#pragma GCC unroll 3
    for (int x = 0; x < 3; ++x) {
        Vector points[3];
#pragma GCC unroll 3
        for (int y = 0; y < 3; ++y) {
            Sums sums;
            std::memcpy(&sums, from + (y * 3 + x) * point_step, sizeof sums);
            load(scales + (y * 3 + x) * Panel, points[y]);
            points[y] *= __builtin_convertvector(sums, Vector);
        }
        rows[0][x] = points[0] + points[1];
        rows[1][x] = points[1] + points[2];
    }
#pragma GCC unroll 2
    for (int y = 0; y < 2; ++y) {
#pragma GCC unroll 2
        for (int x = 0; x < 2; ++x) {
            Vector value = rows[y][x] + rows[y][x + 1] + bias;
            activate(slope, value);
            store(value, to + y * row_step + x * pixel_step);
        }
    }
}

template <class Vector, int Panel>
MOL_EDGE_NETWORK_TARGET void byte_tiles(const ByteTiles& p) {
    constexpr int lanes = kLanes<Vector>;
    constexpr int vectors = Panel / lanes;
    // Copies, which what is written cannot be taken for.
    const auto [from, point_step, count, scales, biases, slope, outs, row_step, pixel_step,
                columns] = p;
    const bool whole = columns == Panel;
    Vector bias[vectors];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) load(biases + v * lanes, bias[v]);
    for (int tile = 0; tile < count; ++tile) {
        const std::int32_t* const points = from + tile * Panel;
        float* const out = outs[tile];
        float kept[4 * Panel];
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) {
            if (whole) {
                byte_tile<Vector, Panel>(points + v * lanes, point_step, scales + v * lanes,
                                         bias[v], slope, out + v * lanes, row_step, pixel_step);
            } else {
                byte_tile<Vector, Panel>(points + v * lanes, point_step, scales + v * lanes,
                                         bias[v], slope, kept + v * lanes, 2 * Panel, Panel);
            }
        }
        for (int pixel = 0; !whole && pixel < 4; ++pixel) {
            std::memcpy(out + pixel / 2 * row_step + pixel % 2 * pixel_step, kept + pixel * Panel,
                        static_cast<std::size_t>(columns) * sizeof *out);
        }
    }
}

}  // namespace
}  // namespace mol_edge::network
