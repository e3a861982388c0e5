#pragma once

#include "byte_kernels.h"
#include "byte_tile_kernels.h"
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

inline constexpr int kPieceWeights = 16 * 1024;

/// How the inputs of a product come in pieces: some whole taps, or so many inputs of one.
struct Pieces {
    int taps;
    int inputs;
};

/// Pieces of `most` inputs or fewer, of taps of `run`.
MOL_EDGE_NETWORK_INLINE Pieces pieces_of(int run, int most) {
    const int parts = (run + most - 1) / most;
    return {parts > 1 ? 1 : most / run, (run / kByteUnit + parts - 1) / parts * kByteUnit};
}
inline constexpr int kLine = 64;

/// Weights that a unit of inputs meets.
template <class Dot>
inline constexpr int kStep = kByteUnit * Dot::kPanel;

/// Fetches the lines of `size` bytes, or those of twice as many; `Lines`: of these at most.
template <int Lines>
MOL_EDGE_NETWORK_INLINE void fetch(const std::int8_t* from, std::ptrdiff_t size) {
    if constexpr (Lines > 1) {
        if (size * 2 <= Lines * kLine) {
            fetch<Lines / 2>(from, size);
            return;
        }
    }
#pragma GCC unroll 8
    for (int line = 0; line < Lines; ++line) __builtin_prefetch(from + line * kLine, 0, 2);
}

/// Blocks of `Rows` rows. A function of its own for each number, with few values beside the sums,
/// which stay in registers so: what a block takes beside its products counts where inputs are few.
/// `Dot`: sums of a vector of columns in 32 bits, `Dot::Sums`, how many columns a panel has, how
/// many rows are taken at once at most, and how a unit of inputs of these rows is multiplied with
/// its weights for them. Returns what of the next piece was not fetched.
template <class Dot, int Rows>
[[gnu::noinline]] MOL_EDGE_NETWORK_TARGET const std::int8_t* byte_blocks(
    const BytePiece& piece, const std::uint8_t* const* rows, int row_count,
    const std::int32_t* from, std::int32_t* to, const std::int8_t* ahead) {
    using Sums = typename Dot::Sums;
    constexpr int lanes = static_cast<int>(sizeof(Sums) / sizeof(std::int32_t));
    constexpr int vectors = Dot::kPanel / lanes;
    // Copies, which what is written cannot be taken for.
    const std::ptrdiff_t run = piece.run;
    const std::ptrdiff_t fetch_step = piece.fetch_step;
    const std::ptrdiff_t from_step = piece.from_step;
    const std::ptrdiff_t* const taps = piece.taps;
    const std::ptrdiff_t* const last_tap = taps + piece.tap_count;
    const std::ptrdiff_t first = piece.first;
    const std::int8_t* const panel = piece.panel;
    const std::uint8_t* const* const last = rows + row_count;
    for (; rows < last; rows += Rows, from += Rows * from_step, to += Rows * Dot::kPanel) {
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
            for (std::ptrdiff_t k = 0; k < run; k += kByteUnit, b += kStep<Dot>) {
                fetch<kStep<Dot> / kLine>(ahead, fetch_step);
                ahead += fetch_step;
                Dot::add(a, k, b, sums);
            }
        }
#pragma GCC unroll 12
        for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
            for (int v = 0; v < vectors; ++v) {
                std::memcpy(to + r * Dot::kPanel + v * lanes, &sums[r][v], sizeof(Sums));
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
                         piece.from + in_larger * piece.from_step, sums + in_larger * Dot::kPanel,
                         ahead);
}

/// Sums to what they are worth.
template <class Dot>
MOL_EDGE_NETWORK_INLINE void byte_outputs(const ByteProduct& p, const std::int32_t* sums) {
    using Floats = typename Dot::Floats;
    constexpr int lanes = static_cast<int>(sizeof(Floats) / sizeof(float));
    constexpr int vectors = Dot::kPanel / lanes;
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
        float whole[Dot::kPanel];
        float* const to = columns == Dot::kPanel ? outs[r] : whole;
#pragma GCC unroll 4
        for (int v = 0; v < vectors; ++v) {
            typename Dot::Sums sum;
            std::memcpy(&sum, sums + r * Dot::kPanel + v * lanes, sizeof sum);
            Floats value = __builtin_convertvector(sum, Floats) * scale[v] + bias[v];
            activate(slope, value);
            store(value, to + v * lanes);
        }
        if (columns < Dot::kPanel) {
            std::memcpy(outs[r], whole, static_cast<std::size_t>(columns) * sizeof *to);
        }
    }
}

/// `count` weights of four bits to bytes.
MOL_EDGE_NETWORK_INLINE void widen(const std::int8_t* from, int count, std::int8_t* to) {
    using Block = std::uint8_t __attribute__((vector_size(kNibbleBlock)));
    for (const std::int8_t* const end = to + count; to < end; to += 2 * kNibbleBlock) {
        Block both;
        std::memcpy(&both, from, sizeof both);
        from += kNibbleBlock;
        const Block lower = (both & 15) - std::uint8_t{kNibbleZero};
        const Block upper = (both >> 4) - std::uint8_t{kNibbleZero};
        std::memcpy(to, &lower, sizeof lower);
        std::memcpy(to + kNibbleBlock, &upper, sizeof upper);
    }
}

template <class Dot>
MOL_EDGE_NETWORK_TARGET void byte_product(const ByteProduct& p) {
    alignas(64) std::int32_t own[kMostByteRows * Dot::kPanel];
    alignas(64) std::int8_t widened[kPieceWeights];
    std::int32_t* const sums = p.sums == nullptr ? own : p.sums;
    const int weights_of_byte = p.in_nibbles ? 2 : 1;
    const int blocks = (p.row_count + Dot::kRows - 1) / Dot::kRows;
    const std::ptrdiff_t fetch_step = kStep<Dot> / weights_of_byte / blocks;
    const auto [taps, part] = pieces_of(p.run, kPieceWeights / Dot::kPanel);
    const std::int8_t* panel = p.panel;
    for (int tap = 0; tap < p.tap_count; tap += taps) {
        const int count = tap + taps < p.tap_count ? taps : p.tap_count - tap;
        for (int first = 0; first < p.run; first += part) {
            const int run = first + part < p.run ? part : p.run - first;
            const int weights = count * run * Dot::kPanel;
            const std::int8_t* const after = panel + weights / weights_of_byte;
            const bool begins = panel == p.panel;
            const bool ends = tap + count == p.tap_count && first + run == p.run;
            if (p.in_nibbles) widen(panel, weights, widened);
            byte_piece<Dot>(p,
                            {p.taps + tap, count, first, run, p.in_nibbles ? widened : panel,
                             ends ? p.next : after, fetch_step, begins ? p.start : sums,
                             begins ? 0 : Dot::kPanel},
                            sums);
            panel = after;
        }
    }
    if (p.sums == nullptr) byte_outputs<Dot>(p, sums);
}

/// The kernels of a `Dot`, beside what brings pixels to bytes and to differences.
template <class Dot>
ByteKernels kernels_of_dot(const char* name, void (*to_bytes)(const ByteRow&),
                           void (*to_differences)(const ByteDifferences&)) {
    return {.name = name,
            .offset = 0,
            .panel = Dot::kPanel,
            .rows = Dot::kRows,
            .panels = 1,
            .task_products = kByteTaskProducts,
            .tiles_pay = true,
            .product = byte_product<Dot>,
            .quantize = to_bytes,
            .differ = to_differences,
            .tiles = byte_tiles<typename Dot::Floats, Dot::kPanel>};
}

}  // namespace
}  // namespace mol_edge::network
