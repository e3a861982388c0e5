#pragma once

#include "kernels.h"
#include "vectors.h"

#include <cstddef>

namespace mol_edge::network {
namespace {

/// Lavin and Gray, "Fast algorithms for convolutional neural networks" (2016), at the points
/// 0, 1, -1 and infinity: the same for 2 outputs of 3 taps and for 3 outputs of 2 taps.
template <class Vector>
MOL_EDGE_NETWORK_INLINE void to_points(const Vector& a, const Vector& b, const Vector& c,
                                       const Vector& d, Vector* to, int step) {
    to[0] = a - c;
    to[step] = b + c;
    to[2 * step] = c - b;
    to[3 * step] = d - b;
}

/// Channels from `c` on.
template <class Vector>
MOL_EDGE_NETWORK_INLINE void channels_in(const TileIn& tile, int c) {
    Vector rows[kTileArea];
    if (c % kPanel == 0) {
        // The tile to the right begins where this one's outputs end.
#pragma GCC unroll 4
        for (int y = 0; y < kTile; ++y) {
            const float* const next = tile.from + y * tile.row_step + kTile * tile.pixel_step + c;
#pragma GCC unroll 3
            for (int x = 0; x < 3; ++x) __builtin_prefetch(next + x * tile.pixel_step);
        }
    }
#pragma GCC unroll 4
    for (int x = 0; x < kTile; ++x) {
        const float* const from = tile.from + x * tile.pixel_step + c;
        Vector column[kTile];
#pragma GCC unroll 4
        for (int y = 0; y < kTile; ++y) load(from + y * tile.row_step, column[y]);
        to_points(column[0], column[1], column[2], column[3], rows + x, kTile);
    }
    float* to = tile.to + c;
#pragma GCC unroll 4
    for (int y = 0; y < kTile; ++y) {
        Vector points[kTile];
        const Vector* const row = rows + y * kTile;
        to_points(row[0], row[1], row[2], row[3], points, 1);
#pragma GCC unroll 4
        for (int x = 0; x < kTile; ++x, to += tile.to_step) store(points[x], to);
    }
}

template <class Vector>
MOL_EDGE_NETWORK_TARGET void tile_in(const TileIn& tile) {
    constexpr int lanes = kLanes<Vector>;
    int c = 0;
    for (; c + lanes <= tile.channels; c += lanes) channels_in<Vector>(tile, c);
    if constexpr (lanes > kLanes<Eight>) {
        if (c < tile.channels) channels_in<Eight>(tile, c);
    }
}

/// Two outputs of four points, or three.
template <int Size, class Vector>
MOL_EDGE_NETWORK_INLINE void from_points(const Vector& a, const Vector& b, const Vector& c,
                                         const Vector& d, Vector* to, int step) {
    const Vector sum = b + c;
    const Vector difference = b - c;
    to[0] = a + sum;
    if constexpr (Size == 2) {
        to[step] = difference + d;
    } else {
        to[step] = difference;
        to[2 * step] = sum + d;
    }
}

template <int Size, class Vector>
MOL_EDGE_NETWORK_TARGET void tile_out(const TileOut& tile) {
    for (int c = 0; c < tile.channels; c += kLanes<Vector>) {
        Vector columns[Size * kTile];
        if (c % kPanel == 0) {
#pragma GCC unroll 3
            for (int y = 0; y < Size; ++y) {
#pragma GCC unroll 3
                for (int x = Size; x < 2 * Size; ++x) {
                    __builtin_prefetch(tile.to + y * tile.row_step + x * tile.pixel_step + c, 1);
                }
            }
        }
#pragma GCC unroll 4
        for (int x = 0; x < kTile; ++x) {
            Vector points[kTile];
#pragma GCC unroll 4
            for (int y = 0; y < kTile; ++y) {
                load(tile.from + (y * kTile + x) * tile.from_step + c, points[y]);
            }
            from_points<Size>(points[0], points[1], points[2], points[3], columns + x, kTile);
        }
        Vector bias;
        load(tile.bias + c, bias);
#pragma GCC unroll 3
        for (int y = 0; y < Size; ++y) {
            if (y < tile.first_row || y >= tile.end_row) continue;
            Vector pixels[Size];
            const Vector* const row = columns + y * kTile;
            from_points<Size>(row[0], row[1], row[2], row[3], pixels, 1);
#pragma GCC unroll 3
            for (int x = 0; x < Size; ++x) {
                if (x < tile.first_column || x >= tile.end_column) continue;
                pixels[x] += bias;
                activate(tile.slope, pixels[x]);
                store(pixels[x], tile.to + y * tile.row_step + x * tile.pixel_step + c);
            }
        }
    }
}

}  // namespace
}  // namespace mol_edge::network
