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
    /// How much of `next` is fetched for each unit of a block of rows.
    std::ptrdiff_t fetch_step;
    /// What sums begin with, and how far it lies from row to row.
    const std::int32_t* from;
    std::ptrdiff_t from_step;
};

inline constexpr int kPieceBytes = 1024;
inline constexpr int kLine = 64;
inline constexpr int kStepBytes = kByteUnit * kBytePanel;

/// Blocks of `Rows` rows. A function of its own for each number, with few values beside the sums,
/// which stay in registers so: what a block takes beside its products counts where inputs are few.
/// `Dot`: sums of a vector of columns in 32 bits, `Dot::Sums`, of how many rows at once at most,
/// and how a unit of inputs of these rows is multiplied with its weights for them. Returns what of
/// the next piece was not fetched.
template <class Dot, int Rows>
MOL_EDGE_NETWORK_TARGET [[gnu::noinline]] const std::int8_t* byte_blocks(
    const BytePiece& piece, const std::uint8_t* const* rows, int row_count,
    const std::int32_t* from, std::int32_t* to, const std::int8_t* ahead) {
    using Sums = typename Dot::Sums;
    constexpr int lanes = static_cast<int>(sizeof(Sums) / sizeof(std::int32_t));
    constexpr int vectors = kBytePanel / lanes;
    // Copies, which what is written cannot be taken for.
    const std::ptrdiff_t run = piece.run;
    const std::ptrdiff_t fetch_step = piece.fetch_step;
    const std::ptrdiff_t from_step = piece.from_step;
    const std::ptrdiff_t* const taps = piece.taps;
    const std::ptrdiff_t* const last_tap = taps + piece.tap_count;
    const std::ptrdiff_t first = piece.first;
    const std::int8_t* const panel = piece.panel;
    const std::uint8_t* const* const last = rows + row_count;
    for (; rows < last; rows += Rows, from += Rows * from_step, to += Rows * kBytePanel) {
        Sums sums[Rows][vectors];
#pragma GCC unroll 12
        for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
            for (int v = 0; v < vectors; ++v) {
                std::memcpy(&sums[r][v], from + r * from_step + v * lanes, sizeof(Sums));
            }
        }
        const std::int8_t* b = panel;
        for (const std::ptrdiff_t* tap = taps; tap < last_tap; ++tap) {
            const std::uint8_t* a[Rows];
#pragma GCC unroll 12
            for (int r = 0; r < Rows; ++r) a[r] = rows[r] + *tap + first;
            for (std::ptrdiff_t k = 0; k < run; k += kByteUnit, b += kStepBytes) {
                __builtin_prefetch(ahead);
                if (fetch_step > kLine) {
                    __builtin_prefetch(ahead + kLine);
                    __builtin_prefetch(ahead + fetch_step - kLine);
                    __builtin_prefetch(ahead + fetch_step / 2);
                }
                ahead += fetch_step;
                Dot::add(a, k, b, sums);
            }
        }
#pragma GCC unroll 12
        for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
            for (int v = 0; v < vectors; ++v) {
                std::memcpy(to + r * kBytePanel + v * lanes, &sums[r][v], sizeof(Sums));
            }
        }
    }
    return ahead;
}

/// `rows`: of a block, from 1 to `Most`.
template <class Dot, int Most>
MOL_EDGE_NETWORK_INLINE const std::int8_t* blocks_of(int rows, const BytePiece& piece,
                                                     const std::uint8_t* const* begin,
                                                     int row_count, const std::int32_t* from,
                                                     std::int32_t* to, const std::int8_t* ahead) {
    if constexpr (Most > 1) {
        if (rows < Most) {
            return blocks_of<Dot, Most - 1>(rows, piece, begin, row_count, from, to, ahead);
        }
    }
    return byte_blocks<Dot, Most>(piece, begin, row_count, from, to, ahead);
}

/// Rows in blocks of nearly the same size.
template <class Dot>
MOL_EDGE_NETWORK_INLINE void byte_piece(const ByteProduct& p, const BytePiece& piece,
                                        std::int32_t* sums) {
    constexpr int most = Dot::kRows;
    const int blocks = (p.row_count + most - 1) / most;
    const int rows = p.row_count / blocks;
    const int in_larger = p.row_count % blocks * (rows + 1);
    const std::int8_t* ahead = piece.next;
    if (in_larger > 0) {
        ahead = blocks_of<Dot, most>(rows + 1, piece, p.rows, in_larger, piece.from, sums, ahead);
    }
    blocks_of<Dot, most>(rows, piece, p.rows + in_larger, p.row_count - in_larger,
                         piece.from + in_larger * piece.from_step, sums + in_larger * kBytePanel,
                         ahead);
}

/// Sums to what they are worth.
template <class Dot>
MOL_EDGE_NETWORK_INLINE void byte_outputs(const ByteProduct& p, const std::int32_t* sums) {
    using Floats = typename Dot::Floats;
    constexpr int lanes = static_cast<int>(sizeof(Floats) / sizeof(float));
    constexpr int vectors = kBytePanel / lanes;
    // Copies, see above.
    const float slope = p.slope;
    const int columns = p.columns;
    const int row_count = p.row_count;
    float* const* const outs = p.outs;
    Floats scale[vectors], bias[vectors];
#pragma GCC unroll 4
    for (int v = 0; v < vectors; ++v) {
        load(p.scale + v * lanes, scale[v]);
        load(p.bias + v * lanes, bias[v]);
    }
    for (int r = 0; r < row_count; ++r) {
        float whole[kBytePanel];
        float* const to = columns == kBytePanel ? outs[r] : whole;
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) {
            typename Dot::Sums sum;
            std::memcpy(&sum, sums + r * kBytePanel + v * lanes, sizeof sum);
            Floats value = __builtin_convertvector(sum, Floats) * scale[v] + bias[v];
            activate(slope, value);
            store(value, to + v * lanes);
        }
        if (columns < kBytePanel) {
            std::memcpy(outs[r], whole, static_cast<std::size_t>(columns) * sizeof *to);
        }
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
    alignas(64) std::int32_t own[kMostByteRows * kBytePanel];
    alignas(64) std::int8_t widened[kPieceBytes * kBytePanel];
    std::int32_t* const sums = p.sums == nullptr ? own : p.sums;
    const int weights_of_byte = p.in_nibbles ? 2 : 1;
    const int blocks = (p.row_count + Dot::kRows - 1) / Dot::kRows;
    const std::ptrdiff_t fetch_step = kStepBytes / weights_of_byte / blocks;
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
            const bool begins = panel == p.panel;
            const bool ends = tap + count == p.tap_count && first + run == p.run;
            if (p.in_nibbles) widen(panel, weights, widened);
            byte_piece<Dot>(p,
                            {p.taps + tap, count, first, run, p.in_nibbles ? widened : panel,
                             ends ? p.next : after, fetch_step, begins ? p.start : sums,
                             begins ? 0 : kBytePanel},
                            sums);
            panel = after;
        }
    }
    if (p.sums == nullptr) byte_outputs<Dot>(p, sums);
}

}  // namespace
}  // namespace mol_edge::network
