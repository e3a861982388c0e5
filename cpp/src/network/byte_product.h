#pragma once

#include "byte_kernels.h"
#include "vectors.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mol_edge::network {
namespace {

/// A piece of the inputs of a product, which stays in the nearest cache while all rows are
/// multiplied with it and the piece after it is fetched.
struct BytePiece {
    const std::ptrdiff_t* taps;
    int tap_count;
    int first;
    int run;
    const std::int8_t* panel;
    const std::int8_t* next;
    bool begins;
    bool ends;
};

inline constexpr int kPieceBytes = 1024;
inline constexpr int kLine = 64;
inline constexpr int kStepBytes = kByteUnit * kBytePanel;

/// `Dot`: sums of a vector of columns in 32 bits, `Dot::Sums`, of how many rows at once, and how a
/// unit of inputs of these rows is multiplied with its weights for them.
template <class Dot, int Rows>
MOL_EDGE_NETWORK_INLINE void byte_rows(const ByteProduct& p, const BytePiece& piece, int first,
                                       int blocks, int block, std::int32_t* partial) {
    using Sums = typename Dot::Sums;
    using Floats = typename Dot::Floats;
    constexpr int lanes = static_cast<int>(sizeof(Sums) / sizeof(std::int32_t));
    constexpr int vectors = kBytePanel / lanes;
    std::int32_t* const kept = partial + first * kBytePanel;
    Sums sums[Rows][vectors];
#pragma GCC unroll 12
    for (int r = 0; r < Rows; ++r) {
        const std::int32_t* const from = piece.begins ? p.start : kept + r * kBytePanel;
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) std::memcpy(&sums[r][v], from + v * lanes, sizeof(Sums));
    }
    // Each block fetches its share of the lines of the next piece.
    const std::ptrdiff_t fetch_step = (p.in_nibbles ? kStepBytes / 2 : kStepBytes) / blocks;
    const std::int8_t* ahead =
        piece.next + block * (piece.tap_count * piece.run / kByteUnit) * fetch_step;
    const std::int8_t* b = piece.panel;
    for (int t = 0; t < piece.tap_count; ++t) {
        const std::uint8_t* a[Rows];
#pragma GCC unroll 12
        for (int r = 0; r < Rows; ++r) a[r] = p.rows[first + r] + piece.taps[t] + piece.first;
        for (std::ptrdiff_t k = 0; k < piece.run; k += kByteUnit, b += kStepBytes) {
            __builtin_prefetch(ahead);
            if (blocks < 4) __builtin_prefetch(ahead + kLine);
            if (blocks == 1) {
                __builtin_prefetch(ahead + 2 * kLine);
                __builtin_prefetch(ahead + 3 * kLine);
            }
            ahead += fetch_step;
            Dot::add(a, k, b, sums);
        }
    }
    if (!piece.ends) {
        std::memcpy(kept, sums, sizeof sums);
        return;
    }
    // Copies, which what is written cannot be taken for.
    const auto [rows, outs, row_count, taps, tap_count, run, panel, start, scales, biases, slope,
                columns, next, in_nibbles] = p;
    Floats scale[vectors], bias[vectors];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
        load(scales + v * lanes, scale[v]);
        load(biases + v * lanes, bias[v]);
    }
    float whole[kBytePanel];
#pragma GCC unroll 12
    for (int r = 0; r < Rows; ++r) {
        float* const to = columns == kBytePanel ? outs[first + r] : whole;
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) {
            Floats value = __builtin_convertvector(sums[r][v], Floats) * scale[v] + bias[v];
            activate(slope, value);
            store(value, to + v * lanes);
        }
        if (columns < kBytePanel) {
            std::memcpy(outs[first + r], whole, static_cast<std::size_t>(columns) * sizeof *to);
        }
    }
}

/// As a function of its own, without which GCC leaves some of the sums of many rows in memory.
template <class Dot, int Rows>
MOL_EDGE_NETWORK_TARGET [[gnu::noinline]] void many_byte_rows(const ByteProduct& p,
                                                              const BytePiece& piece, int first,
                                                              int blocks, int block,
                                                              std::int32_t* partial) {
    byte_rows<Dot, Rows>(p, piece, first, blocks, block, partial);
}

/// `rows`: from 1 to `Most`.
template <class Dot, int Most>
MOL_EDGE_NETWORK_INLINE void byte_block(int rows, const ByteProduct& p, const BytePiece& piece,
                                        int first, int blocks, int block, std::int32_t* partial) {
    if constexpr (Most > 1) {
        if (rows < Most) {
            byte_block<Dot, Most - 1>(rows, p, piece, first, blocks, block, partial);
            return;
        }
    }
    if constexpr (sizeof(typename Dot::Sums) == kBytePanel * sizeof(std::int32_t)) {
        many_byte_rows<Dot, Most>(p, piece, first, blocks, block, partial);
    } else {
        byte_rows<Dot, Most>(p, piece, first, blocks, block, partial);
    }
}

/// Rows in blocks of nearly the same size.
template <class Dot>
MOL_EDGE_NETWORK_INLINE void byte_piece(const ByteProduct& p, const BytePiece& piece,
                                        std::int32_t* partial) {
    constexpr int most = Dot::kRows;
    const int blocks = (p.row_count + most - 1) / most;
    const int fewer = p.row_count / blocks;
    const int larger = p.row_count % blocks;
    int first = 0;
    for (int block = 0; block < blocks; ++block) {
        const int rows = block < larger ? fewer + 1 : fewer;
        byte_block<Dot, most>(rows, p, piece, first, blocks, block, partial);
        first += rows;
    }
}

/// `count` weights of four bits to bytes.
MOL_EDGE_NETWORK_INLINE void widen(const std::int8_t* from, int count, std::int8_t* to) {
    for (int first = 0; first < count; first += 2 * kNibbleBlock, from += kNibbleBlock) {
        for (int i = 0; i < kNibbleBlock; ++i) {
            const auto both = static_cast<std::uint8_t>(from[i]);
            to[first + i] = static_cast<std::int8_t>((both & 15) - kNibbleZero);
            to[first + kNibbleBlock + i] = static_cast<std::int8_t>((both >> 4) - kNibbleZero);
        }
    }
}

template <class Dot>
MOL_EDGE_NETWORK_TARGET void byte_product(const ByteProduct& p) {
    alignas(64) std::int32_t partial[kMostByteRows * kBytePanel];
    alignas(64) std::int8_t widened[kPieceBytes * kBytePanel];
    const int weights_of_byte = p.in_nibbles ? 2 : 1;
    const int parts = (p.run + kPieceBytes - 1) / kPieceBytes;
    const int part = (p.run / kByteUnit + parts - 1) / parts * kByteUnit;
    const int taps = parts > 1 ? 1 : kPieceBytes / p.run;
    const std::int8_t* panel = p.panel;
    for (int tap = 0; tap < p.tap_count; tap += taps) {
        const int count = tap + taps < p.tap_count ? taps : p.tap_count - tap;
        for (int first = 0; first < p.run; first += part) {
            const int run = first + part < p.run ? part : p.run - first;
            const int weights = count * run * kBytePanel;
            const std::int8_t* const after = panel + weights / weights_of_byte;
            const bool ends = tap + count == p.tap_count && first + run == p.run;
            if (p.in_nibbles) widen(panel, weights, widened);
            byte_piece<Dot>(p,
                            {p.taps + tap, count, first, run, p.in_nibbles ? widened : panel,
                             ends ? p.next : after, panel == p.panel, ends},
                            partial);
            panel = after;
        }
    }
}

}  // namespace
}  // namespace mol_edge::network
