#pragma once

#include "kernels.h"
#include "vectors.h"

#include <cstddef>
#include <cstring>

namespace mol_edge::network {
namespace {

/// A piece of the inputs of a product, some taps or a part of one: so much of a panel stays in the
/// nearest cache while all rows are multiplied with it and the piece after it is fetched.
struct Piece {
    const std::ptrdiff_t* taps;
    int tap_count;
    int first;
    int run;
    const float* panel;
    /// From one vector of columns to the next.
    std::ptrdiff_t vector_step;
    /// What is fetched meanwhile: so many bytes by input, of each of the panels.
    const char* next;
    std::ptrdiff_t next_step;
    std::ptrdiff_t fetched;
    bool begins;
    bool ends;
};

inline constexpr std::ptrdiff_t kLine = 64;
inline constexpr std::ptrdiff_t kFloat = sizeof(float);
/// Inputs between two looks at what is to be fetched.
inline constexpr int kInputsAtOnce = 4;

/// Whether a register holds a row of a whole panel.
template <class Vector>
inline constexpr bool kWholeRows = kLanes<Vector> == kPanel;

/// Fetches a line of each panel: where a register holds a line, into the second cache, since the
/// nearest one waits for so few lines at once that memory would not be busy.
template <class Vector, int Panels>
MOL_EDGE_NETWORK_INLINE void fetch(const char* from, std::ptrdiff_t panel_step) {
    constexpr int cache = kWholeRows<Vector> ? 2 : 3;
#pragma GCC unroll 4
    for (int panel = 0; panel < Panels; ++panel) {
        __builtin_prefetch(from + panel * panel_step, 0, cache);
    }
}

inline const char* bytes_of(const float* panel) {
    return reinterpret_cast<const char*>(panel);
}

/// Adds one input times its weights to the sums of all rows.
template <class Vector, int Rows, int Vectors>
MOL_EDGE_NETWORK_INLINE void add_input(const float* const (&rows)[Rows], std::ptrdiff_t k,
                                       const float* weights, std::ptrdiff_t vector_step,
                                       Vector (&sums)[Rows][Vectors]) {
    Vector column[Vectors];
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) load(weights + v * vector_step, column[v]);
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
        Vector value;
        spread(rows[r][k], value);
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v) sums[r][v] += value * column[v];
    }
}

/// Adds a piece to the sums of some rows, while these fetch their share of the next piece, one of
/// `blocks`, each of its lines once. `Width`: of a panel; vectors beyond it are another panel's.
template <class Vector, int Rows, int Vectors, int Width>
MOL_EDGE_NETWORK_INLINE void add_piece(const float* const* from, const Piece& piece, int blocks,
                                       int block, Vector (&sums)[Rows][Vectors]) {
    constexpr int panels = Vectors * kLanes<Vector> / Width;
    const std::ptrdiff_t share = piece.fetched / blocks;
    const std::ptrdiff_t inputs = static_cast<std::ptrdiff_t>(piece.tap_count) * piece.run;
    const char* line = piece.next + block * share * inputs;
    const char* end = line;
    const float* weights = piece.panel;
    for (int t = 0; t < piece.tap_count; ++t) {
        const float* rows[Rows];
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) rows[r] = from[r] + piece.taps[t] + piece.first;
        std::ptrdiff_t k = 0;
        for (; k + kInputsAtOnce <= piece.run; k += kInputsAtOnce) {
            end += kInputsAtOnce * share;
            for (; line < end; line += kLine) fetch<Vector, panels>(line, piece.next_step);
#pragma GCC unroll 4
            for (int i = 0; i < kInputsAtOnce; ++i, weights += Width) {
                add_input<Vector, Rows, Vectors>(rows, k + i, weights, piece.vector_step, sums);
            }
        }
        for (; k < piece.run; ++k, weights += Width) {
            add_input<Vector, Rows, Vectors>(rows, k, weights, piece.vector_step, sums);
        }
    }
}

/// What becomes of sums in the end; where not all columns are wanted, by way of `kept`.
template <class Vector, int Rows, int Vectors>
MOL_EDGE_NETWORK_INLINE void finish(const Product& p, int first, Vector (&sums)[Rows][Vectors],
                                    float* kept) {
    constexpr int lanes = kLanes<Vector>;
    constexpr int width = Vectors * lanes;
    Vector bias[Vectors];
    Vector step[Vectors];
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) {
        load(p.bias + v * lanes, bias[v]);
        spread(1.0F, step[v]);
        if (p.steps != nullptr) load(p.steps + v * lanes, step[v]);
    }
    const bool whole = p.columns == width;
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
        float* const to = whole ? p.outs[first + r] : kept + r * width;
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v) {
            sums[r][v] = sums[r][v] * step[v] + bias[v];
            activate(p.slope, sums[r][v]);
            store(sums[r][v], to + v * lanes);
        }
    }
    if (whole) return;
    const std::size_t size = static_cast<std::size_t>(p.columns) * sizeof(float);
    for (int r = 0; r < Rows; ++r) std::memcpy(p.outs[first + r], kept + r * width, size);
}

/// `Width`: see `add_piece`.
template <class Vector, int Rows, int Vectors, int Width>
MOL_EDGE_NETWORK_INLINE void product_of_rows(const Product& p, const Piece& piece, int first,
                                             int blocks, int block, float* partial) {
    constexpr int lanes = kLanes<Vector>;
    constexpr int width = Vectors * lanes;
    float* const kept = partial + first * width;
    Vector sums[Rows][Vectors] = {};
    if (!piece.begins) {
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
            for (int v = 0; v < Vectors; ++v) load(kept + r * width + v * lanes, sums[r][v]);
        }
    }
    add_piece<Vector, Rows, Vectors, Width>(p.rows + first, piece, blocks, block, sums);
    if (piece.ends) {
        finish<Vector, Rows, Vectors>(p, first, sums, kept);
        return;
    }
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v) store(sums[r][v], kept + r * width + v * lanes);
    }
}

}  // namespace
}  // namespace mol_edge::network
