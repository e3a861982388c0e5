#pragma once

#include "kernels.h"
#include "product_kernels.h"
#include "vectors.h"

#include <cstddef>
#include <limits>

namespace mol_edge::network {
namespace {

template <class Vector, int Count>
MOL_EDGE_NETWORK_INLINE void largest(const Nearest& nearest) {
    constexpr int lanes = kLanes<Vector>;
    for (int part = 0; part < kPanel; part += lanes) {
        Vector values[Count] = {};
        Vector places[Count] = {};
#pragma GCC unroll 8
        for (int i = 0; i < Count; ++i) {
            spread(-3.0F, values[i]);  // below every cosine
        }
        for (int row = 0; row < kPositions; ++row) {
            Vector value, place;
            load(nearest.values + row * nearest.row_step + part, value);
            spread(static_cast<float>(row), place);
#pragma GCC unroll 8
            for (int i = 0; i < Count; ++i) {
                const auto above = value > values[i];
                const Vector fallen = above ? values[i] : value;
                const Vector fallen_place = above ? places[i] : place;
                values[i] = above ? value : values[i];
                places[i] = above ? place : places[i];
                value = fallen;
                place = fallen_place;
            }
        }
#pragma GCC unroll 8
        for (int i = 0; i < Count; ++i) {
            float found[lanes];
            store(places[i], found);
            for (int lane = 0; lane < lanes; ++lane) {
                nearest.index[i * kPositions + part + lane] = static_cast<int>(found[lane]);
            }
        }
    }
}

template <class Vector>
MOL_EDGE_NETWORK_TARGET void nearest(const Nearest& n) {
    switch (n.neighbours) {
        case 1:
            largest<Vector, 1>(n);
            break;
        case 2:
            largest<Vector, 2>(n);
            break;
        case 3:
            largest<Vector, 3>(n);
            break;
        case 4:
            largest<Vector, 4>(n);
            break;
        case 5:
            largest<Vector, 5>(n);
            break;
        case 6:
            largest<Vector, 6>(n);
            break;
        case 7:
            largest<Vector, 7>(n);
            break;
        default:
            largest<Vector, kMostNeighbours>(n);
            break;
    }
}

/// Blocks of rows of a matrix that are taken at once, see `kRowsAtOnce`.
template <class Vector>
inline constexpr int kBlocksAtOnce = kRowsAtOnce<Vector> / kRows;

/// Panels that edges take at once.
template <class Vector>
inline constexpr int kPanelsOfEdges = kWholeRows<Vector> ? 2 : 1;

/// Vectors of a position's channels that are taken at once: of one panel, or one of each of two.
template <class Vector>
inline constexpr int kVectorsOfY = kPanelsOfEdges<Vector> * kPanel / kLanes<Vector>;

/// Blocks of rows of a matrix times y, or times what y changes by where row index[k] of it comes in
/// place of row k; `step`: of y, from one vector to the next.
template <class Vector, bool Changes>
MOL_EDGE_NETWORK_INLINE void blocks_times_y(
    const float* blocks, const float* y, std::ptrdiff_t step, const int* index,
    Vector (&sums)[kRowsAtOnce<Vector>][kVectorsOfY<Vector>]) {
    for (int k = 0; k < kPositions; ++k) {
        Vector column[kVectorsOfY<Vector>];
#pragma GCC unroll 4
        for (int v = 0; v < kVectorsOfY<Vector>; ++v) {
            load(y + k * kPanel + v * step, column[v]);
            if constexpr (Changes) {
                Vector there;
                load(y + index[k] * kPanel + v * step, there);
                column[v] = there - column[v];
            }
        }
#pragma GCC unroll 12
        for (int r = 0; r < kRowsAtOnce<Vector>; ++r) {
            Vector value;
            spread(blocks[(r / kRows * kPositions + k) * kRows + r % kRows], value);
#pragma GCC unroll 4
            for (int v = 0; v < kVectorsOfY<Vector>; ++v) sums[r][v] += value * column[v];
        }
    }
}

/// Whether each position is its own nearest, which one that looks like another need not be.
inline bool all_in_place(const int* index) {
    for (int k = 0; k < kPositions; ++k) {
        if (index[k] != k) return false;
    }
    return true;
}

template <class Vector>
MOL_EDGE_NETWORK_TARGET void edges(const Edges& e) {
    constexpr int lanes = kLanes<Vector>;
    constexpr int vectors = kVectorsOfY<Vector>;
    constexpr int rows = kRowsAtOnce<Vector>;
    const std::ptrdiff_t step = kWholeRows<Vector> ? e.panel_step : std::ptrdiff_t{lanes};
    const bool in_place = all_in_place(e.index);
    for (int first = 0; first < kPositions; first += rows) {
        const std::ptrdiff_t block = static_cast<std::ptrdiff_t>(first) * kPositions;
        float strongest[rows][vectors * lanes];
        for (auto& row : strongest) {
            // Where a position is its own neighbour, nothing changes.
            for (float& value : row) value = in_place ? 0 : std::numeric_limits<float>::lowest();
        }
        for (int rank = in_place ? 1 : 0; rank < e.neighbours; ++rank) {
            Vector sums[rows][vectors] = {};
            blocks_times_y<Vector, true>(e.other + block, e.y, step, e.index + rank * kPositions,
                                         sums);
#pragma GCC unroll 12
            for (int r = 0; r < rows; ++r) {
#pragma GCC unroll 4
                for (int v = 0; v < vectors; ++v) {
                    Vector before;
                    load(&strongest[r][v * lanes], before);
                    keep_larger(before, sums[r][v]);
                    store(sums[r][v], &strongest[r][v * lanes]);
                }
            }
        }
        Vector sums[rows][vectors] = {};
        blocks_times_y<Vector, false>(e.both + block, e.y, step, nullptr, sums);
#pragma GCC unroll 12
        for (int r = 0; r < rows; ++r) {
            if (first + r >= kPositions) continue;
#pragma GCC unroll 4
            for (int v = 0; v < vectors; ++v) {
                Vector y, theirs;
                load(&strongest[r][v * lanes], theirs);
                load(e.y + (first + r) * kPanel + v * step, y);
                sums[r][v] += theirs + e.bias[first + r];
                activate(0.0F, sums[r][v]);
                store(Vector(sums[r][v] + y), e.out + (first + r) * e.out_step + v * lanes);
            }
        }
    }
}

/// Where the weights of a line of 16 pixels lie: steps from one output to the next, and from one
/// input to the next.
struct LineWeights {
    const float* values;
    std::ptrdiff_t output_step;
    std::ptrdiff_t input_step;
};

/// Of one line of 16 pixels: to[o] = sum over i of weights[o][i] * from[i], each of 16 channels by
/// itself.
template <class Vector>
MOL_EDGE_NETWORK_INLINE void mix_line(const float* from, std::ptrdiff_t from_step,
                                      const LineWeights& weights, float* to,
                                      std::ptrdiff_t to_step) {
    constexpr int lanes = kLanes<Vector>;
    constexpr int together = 8;
    for (int part = 0; part < kPanel; part += lanes) {
        for (int first = 0; first < kSide; first += together) {
            Vector sums[together] = {};
            const float* line = weights.values + first * weights.output_step + part;
            for (int i = 0; i < kSide; ++i, line += weights.input_step) {
                Vector value;
                load(from + i * from_step + part, value);
#pragma GCC unroll 8
                for (int o = 0; o < together; ++o) {
                    Vector weight;
                    load(line + o * weights.output_step, weight);
                    sums[o] += weight * value;
                }
            }
#pragma GCC unroll 8
            for (int o = 0; o < together; ++o) store(sums[o], to + (first + o) * to_step + part);
        }
    }
}

template <class Vector>
MOL_EDGE_NETWORK_TARGET void mix(const Mix& m) {
    constexpr int lanes = kLanes<Vector>;
    constexpr std::ptrdiff_t line = kSide * kPanel;
    // `left` is [to][from], along columns; `right` is [from][to], along rows.
    const LineWeights left{m.left, line, kPanel};
    for (int x = 0; x < kSide; ++x) {
        mix_line<Vector>(m.x + x * m.x_step, kSide * m.x_step, left, m.scratch + x * kPanel, line);
    }
    const LineWeights right{m.right, kPanel, line};
    for (int y = 0; y < kSide; ++y) {
        mix_line<Vector>(m.scratch + y * line, kPanel, right, m.out + y * line, kPanel);
    }
    for (int p = 0; p < kPositions; ++p) {
        float sum = 0;
        for (int part = 0; part < kPanel; part += lanes) {
            Vector value, shift, x;
            load(m.out + p * kPanel + part, value);
            load(m.constant + p * kPanel + part, shift);
            load(m.x + p * m.x_step + part, x);
            value += shift + x;
            store(value, m.out + p * kPanel + part);
            const Vector square = value * value;
            for (int lane = 0; lane < lanes; ++lane) sum += square[lane];
        }
        m.squares[p] = sum;
    }
}

}  // namespace
}  // namespace mol_edge::network
