#pragma once

#include "kernels.h"
#include "piece_kernels.h"
#include "vectors.h"

#include <cstddef>

namespace mol_edge::network {
namespace {

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

/// Inputs of a piece of so many panels.
template <int Panels>
inline constexpr int kPieceInputs = Panels > 2 ? 128 : 256;

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
