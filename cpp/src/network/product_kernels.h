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

template <int Panels>
inline constexpr int kPieceInputs = Panels > 2 ? 128 : 256;
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

/// Sums of twice as many rows where each takes one register: fewer would wait for each other.
template <class Vector>
inline constexpr int kRowsAtOnce = kWholeRows<Vector> ? 2 * kRows : kRows;

/// Panels whose rows are read once: each is a place in memory from which a processor fetches by
/// itself too.
template <class Vector>
inline constexpr int kPanelsAtOnce = kWholeRows<Vector> ? kMostPanels : 1;

/// Rows of so many panels whose sums registers hold, beside a vector of weights of each.
template <class Vector, int Panels>
inline constexpr int kRowsOf = Panels == 1   ? kRowsAtOnce<Vector>
                               : Panels <= 3 ? 8
                                             : 6;

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
    constexpr int most = kRowsOf<Vector, Panels>;
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

/// Of floats, of so many wide panels or of a narrow one.
template <class Vector, int Panels>
MOL_EDGE_NETWORK_TARGET void float_product(const Product& p) {
    alignas(64) float partial[kMostRows * Panels * kPanel];
    const int width = p.narrow ? kNarrowPanel : kPanel;
    const int parts = (p.run + kPieceInputs<Panels> - 1) / kPieceInputs<Panels>;
    const int part = (p.run + parts - 1) / parts;
    const int taps = parts > 1 ? 1 : (kPieceInputs<Panels> + p.run - 1) / p.run;
    const std::ptrdiff_t lanes = p.narrow ? kLanes<OfEights<Vector>> : kLanes<Vector>;
    const float* panel = p.panel;
    for (int tap = 0; tap < p.tap_count; tap += taps) {
        const int count = tap + taps < p.tap_count ? taps : p.tap_count - tap;
        for (int first = 0; first < p.run; first += part) {
            const int run = first + part < p.run ? part : p.run - first;
            const float* const after = panel + static_cast<std::ptrdiff_t>(count) * run * width;
            const bool ends = tap + count == p.tap_count && first + run == p.run;
            const Piece piece{.taps = p.taps + tap,
                              .tap_count = count,
                              .first = first,
                              .run = run,
                              .panel = panel,
                              .vector_step = Panels > 1 ? p.panel_step : lanes,
                              .next = bytes_of(ends && p.next != nullptr ? p.next : after),
                              .next_step = p.panel_step * kFloat,
                              .fetched = width * kFloat,
                              .begins = panel == p.panel,
                              .ends = ends};
            if (p.narrow) {
                narrow_piece<OfEights<Vector>>(p, piece, partial);
            } else {
                wide_piece<Vector, Panels>(p, piece, partial);
            }
            panel = after;
        }
    }
}

}  // namespace
}  // namespace mol_edge::network
