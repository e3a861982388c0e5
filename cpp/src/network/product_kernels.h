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
    const float* next;
    /// From one vector of columns to the next.
    std::ptrdiff_t vector_step;
    bool begins;
    bool ends;
};

inline constexpr int kPieceInputs = 256;

/// Whether a register holds a row of a whole panel.
template <class Vector>
inline constexpr bool kWholeRows = kLanes<Vector> == kPanel;

/// Fetches a line of each panel: where a register holds a line, into the second cache, since the
/// nearest one waits for so few lines at once that memory would not be busy.
template <class Vector, int Panels>
MOL_EDGE_NETWORK_INLINE void fetch(const char* from, std::ptrdiff_t panel_step) {
    constexpr int cache = kWholeRows<Vector> ? 2 : 3;
#pragma GCC unroll 2
    for (int panel = 0; panel < Panels; ++panel) {
        __builtin_prefetch(from + panel * panel_step * static_cast<std::ptrdiff_t>(sizeof(float)),
                           0, cache);
    }
}

/// `Width`: of a panel; vectors beyond it are another panel's.
template <class Vector, int Rows, int Vectors, int Width>
MOL_EDGE_NETWORK_INLINE void product_of_rows(const Product& p, const Piece& piece, int first,
                                             int blocks, int block, float* partial) {
    constexpr int lanes = kLanes<Vector>;
    constexpr int width = Vectors * lanes;
    const float* const* const rows = p.rows + first;
    float* const kept = partial + first * width;
    Vector sums[Rows][Vectors] = {};
    if (!piece.begins) {
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
            for (int v = 0; v < Vectors; ++v) load(kept + r * width + v * lanes, sums[r][v]);
        }
    }
    // Each block fetches its share of the lines of the next piece.
    const int inputs = piece.tap_count * piece.run;
    const std::ptrdiff_t fetch_step = static_cast<std::ptrdiff_t>(Width * sizeof(float)) / blocks;
    const char* ahead = reinterpret_cast<const char*>(piece.next) +
                        block * static_cast<std::ptrdiff_t>(inputs) * fetch_step;
    const float* b = piece.panel;
    for (int t = 0; t < piece.tap_count; ++t) {
        const float* a[Rows];
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) a[r] = rows[r] + piece.taps[t] + piece.first;
        for (std::ptrdiff_t k = 0; k < piece.run; ++k) {
            fetch<Vector, width / Width>(ahead, piece.vector_step);
            ahead += fetch_step;
            Vector column[Vectors];
#pragma GCC unroll 4
            for (int v = 0; v < Vectors; ++v) load(b + v * piece.vector_step, column[v]);
            b += Width;
#pragma GCC unroll 16
            for (int r = 0; r < Rows; ++r) {
                Vector value;
                spread(a[r][k], value);
#pragma GCC unroll 4
                for (int v = 0; v < Vectors; ++v) sums[r][v] += value * column[v];
            }
        }
    }
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
        float* const whole = p.columns == width ? p.outs[first + r] : kept + r * width;
        float* const to = piece.ends ? whole : kept + r * width;
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v) {
            if (piece.ends) {
                Vector bias;
                load(p.bias + v * lanes, bias);
                sums[r][v] += bias;
                activate(p.slope, sums[r][v]);
            }
            store(sums[r][v], to + v * lanes);
        }
        if (piece.ends && p.columns < width) {
            std::memcpy(p.outs[first + r], to, static_cast<std::size_t>(p.columns) * sizeof(float));
        }
    }
}

/// Sums of twice as many rows where each takes one register: fewer would wait for each other.
template <class Vector>
inline constexpr int kRowsAtOnce = kWholeRows<Vector> ? 2 * kRows : kRows;

/// Panels whose rows are read once.
template <class Vector>
inline constexpr int kPanelsAtOnce = kWholeRows<Vector> ? kMostPanels : 1;

/// Rows of two panels.
inline constexpr int kRowsOfTwo = 8;

/// As a function of its own, without which GCC leaves some of the sums of many rows in memory.
template <class Vector, int Rows, int Panels>
[[gnu::noinline]] MOL_EDGE_NETWORK_TARGET void many_rows(const Product& p, const Piece& piece,
                                                         int first, int blocks, int block,
                                                         float* partial) {
    product_of_rows<Vector, Rows, Panels, kPanel>(p, piece, first, blocks, block, partial);
}

/// `rows`: from 1 to `Most`.
template <class Vector, int Most, int Panels>
MOL_EDGE_NETWORK_INLINE void wide_block(int rows, const Product& p, const Piece& piece, int first,
                                        int blocks, int block, float* partial) {
    if constexpr (Most > 1) {
        if (rows < Most) {
            wide_block<Vector, Most - 1, Panels>(rows, p, piece, first, blocks, block, partial);
            return;
        }
    }
    if constexpr (kWholeRows<Vector>) {
        many_rows<Vector, Most, Panels>(p, piece, first, blocks, block, partial);
    } else {
        product_of_rows<Vector, Most, kPanel / kLanes<Vector>, kPanel>(p, piece, first, blocks,
                                                                       block, partial);
    }
}

/// Rows in blocks of nearly the same size, since a block of one row waits for its own sums.
template <class Vector, int Panels>
MOL_EDGE_NETWORK_INLINE void wide_piece(const Product& p, const Piece& piece, float* partial) {
    constexpr int most = Panels > 1 ? kRowsOfTwo : kRowsAtOnce<Vector>;
    const int blocks = (p.row_count + most - 1) / most;
    int first = 0;
    for (int block = 0; block < blocks; ++block) {
        const int rows = (p.row_count - first + blocks - block - 1) / (blocks - block);
        wide_block<Vector, most, Panels>(rows, p, piece, first, blocks, block, partial);
        first += rows;
    }
}

template <class Vector>
MOL_EDGE_NETWORK_INLINE void narrow_piece(const Product& p, const Piece& piece, float* partial) {
    constexpr int vectors = kNarrowPanel / kLanes<Vector>;
    int first = 0;
    for (; first + kNarrowRows <= p.row_count; first += kNarrowRows) {
        product_of_rows<Vector, kNarrowRows, vectors, kNarrowPanel>(p, piece, first, 1, 0, partial);
    }
    for (; first + 4 <= p.row_count; first += 4) {
        product_of_rows<Vector, 4, vectors, kNarrowPanel>(p, piece, first, 1, 0, partial);
    }
    for (; first < p.row_count; ++first) {
        product_of_rows<Vector, 1, vectors, kNarrowPanel>(p, piece, first, 1, 0, partial);
    }
}

template <class Vector>
MOL_EDGE_NETWORK_TARGET void product(const Product& p) {
    alignas(64) float partial[kMostRows * kMostPanels * kPanel];
    const int width = p.narrow ? kNarrowPanel : kPanel;
    const bool two = kWholeRows<Vector> && p.columns > kPanel;
    const int parts = (p.run + kPieceInputs - 1) / kPieceInputs;
    const int part = (p.run + parts - 1) / parts;
    const int taps = parts > 1 ? 1 : (kPieceInputs + p.run - 1) / p.run;
    const float* panel = p.panel;
    for (int tap = 0; tap < p.tap_count; tap += taps) {
        const int count = tap + taps < p.tap_count ? taps : p.tap_count - tap;
        for (int first = 0; first < p.run; first += part) {
            const int run = first + part < p.run ? part : p.run - first;
            const float* const after = panel + static_cast<std::ptrdiff_t>(count) * run * width;
            const bool ends = tap + count == p.tap_count && first + run == p.run;
            const Piece piece{p.taps + tap,
                              count,
                              first,
                              run,
                              panel,
                              ends && p.next != nullptr ? p.next : after,
                              two        ? p.panel_step
                              : p.narrow ? std::ptrdiff_t{kLanes<OfEights<Vector>>}
                                         : std::ptrdiff_t{kLanes<Vector>},
                              panel == p.panel,
                              ends};
            if (p.narrow) {
                narrow_piece<OfEights<Vector>>(p, piece, partial);
            } else if (two) {
                wide_piece<Vector, kPanelsAtOnce<Vector>>(p, piece, partial);
            } else {
                wide_piece<Vector, 1>(p, piece, partial);
            }
            panel = after;
        }
    }
}

}  // namespace
}  // namespace mol_edge::network
