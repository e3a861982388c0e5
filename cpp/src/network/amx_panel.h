#pragma once

#include "byte_avx2.h"
#include "byte_kernels.h"
#include "byte_product.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mol_edge::network {
namespace {

/// A register of AMX: so many rows of 64 bytes, which are inputs of a row, weights of four inputs
/// for 16 columns, or sums of 16 columns.
constexpr int kTileRows = 16;
constexpr int kTileBytes = 64;
constexpr int kTileColumns = 16;
/// Columns of a panel, whose weights lie in two such registers.
constexpr int kColumns = 2 * kTileColumns;
constexpr int kPanelsAtOnce = 4;
/// Rows whose inputs are copied side by side, and how many inputs of each at most.
constexpr int kCopiedRows = 2 * kTileRows;
constexpr int kCopiedInputs = 1024;
/// From one row of copies or sums to the next: no power of 2, whose lines would meet in the same
/// places of a cache.
constexpr int kCopyStep = kCopiedInputs + kTileBytes;
constexpr int kSumStep = kPanelsAtOnce * kColumns + kTileColumns;

/// Which inputs, see `ByteProduct`.
struct Inputs {
    const std::ptrdiff_t* taps;
    int tap_count;
    int first;
    int run;

    [[nodiscard]] int count() const { return tap_count * run; }
};

/// What was written is in memory, and what is read is read anew: to GCC, what AMX loads and stores
/// is not memory.
MOL_EDGE_NETWORK_INLINE void settle_memory() {
    asm volatile("" ::: "memory");
}

/// All registers in use, each of all its rows.
MOL_EDGE_NETWORK_TARGET void configure() {
    struct alignas(64) {
        std::uint8_t palette = 1;
        std::uint8_t reserved[15] = {};
        std::uint16_t row_bytes[16] = {};
        std::uint8_t rows[16] = {};
    } config;
    std::fill_n(config.row_bytes, 8, std::uint16_t{kTileBytes});
    std::fill_n(config.rows, 8, std::uint8_t{kTileRows});
    settle_memory();
    _tile_loadconfig(&config);
}

/// Inputs of some rows side by side, filled up with zeros to whole registers.
MOL_EDGE_NETWORK_TARGET void copy_inputs(const std::uint8_t* const* rows, int row_count,
                                         const Inputs& inputs, std::uint8_t* to) {
    for (int r = 0; r < row_count; ++r, to += kCopyStep) {
        std::uint8_t* at = to;
        for (int t = 0; t < inputs.tap_count; ++t, at += inputs.run) {
            const std::uint8_t* const from = rows[r] + inputs.taps[t] + inputs.first;
            for (int k = 0; k < inputs.run; k += kTileBytes) {
                const int left = inputs.run - k;
                const __mmask64 mask = left < kTileBytes ? (1ULL << left) - 1 : ~0ULL;
                _mm512_storeu_si512(at + k, _mm512_maskz_loadu_epi8(mask, from + k));
            }
        }
    }
}

/// Memory that will be wanted, fetched a piece at a time into the second cache: AMX waits for the
/// nearest one's few misses.
struct Ahead {
    const std::int8_t* from;
    std::ptrdiff_t step;

    MOL_EDGE_NETWORK_INLINE void fetch() {
        for (std::ptrdiff_t line = 0; line < step; line += kLine) {
            _mm_prefetch(reinterpret_cast<const char*>(from + line), _MM_HINT_T1);
        }
        from += step;
    }
};

/// Adds the products of 64 inputs and of the weights of a panel, `Both`: of twice as many rows.
template <bool Both>
MOL_EDGE_NETWORK_INLINE void add_products(const std::uint8_t* inputs, const std::int8_t* weights) {
    _tile_loadd(4, inputs, kCopyStep);
    _tile_loadd(6, weights, kColumns * 4);
    _tile_loadd(7, weights + kTileBytes, kColumns * 4);
    _tile_dpbusd(0, 4, 6);
    _tile_dpbusd(1, 4, 7);
    if constexpr (Both) {
        _tile_loadd(5, inputs + kTileRows * kCopyStep, kCopyStep);
        _tile_dpbusd(2, 5, 6);
        _tile_dpbusd(3, 5, 7);
    }
}

template <bool Both>
[[gnu::noinline]] MOL_EDGE_NETWORK_TARGET void add_panel(const std::uint8_t* inputs, int count,
                                                         const std::int8_t* weights, Ahead ahead,
                                                         bool begins, std::int32_t* sums) {
    constexpr std::ptrdiff_t step = kSumStep * sizeof *sums;
    std::int32_t* const lower = sums + kTileRows * kSumStep;
    settle_memory();
    if (begins) {
        _tile_zero(0);
        _tile_zero(1);
        _tile_zero(2);
        _tile_zero(3);
    } else {
        _tile_loadd(0, sums, step);
        _tile_loadd(1, sums + kTileColumns, step);
        if constexpr (Both) {
            _tile_loadd(2, lower, step);
            _tile_loadd(3, lower + kTileColumns, step);
        }
    }
    int k = 0;
    for (; k + kTileBytes <= count; k += kTileBytes) {
        ahead.fetch();
        add_products<Both>(inputs + k, weights + k * kColumns);
    }
    if (k < count) {
        // Weights beyond the last ones are not ours to read.
        alignas(64) std::int8_t last[kTileBytes * kColumns] = {};
        std::memcpy(last, weights + k * kColumns, static_cast<std::size_t>(count - k) * kColumns);
        settle_memory();
        add_products<Both>(inputs + k, last);
    }
    _tile_stored(0, sums, step);
    _tile_stored(1, sums + kTileColumns, step);
    if constexpr (Both) {
        _tile_stored(2, lower, step);
        _tile_stored(3, lower + kTileColumns, step);
    }
    settle_memory();
}

}  // namespace
}  // namespace mol_edge::network
