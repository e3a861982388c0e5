#include "byte_kernels_x86.h"

#if defined(MOL_EDGE_AMX)

#define MOL_EDGE_NETWORK_TARGET                                                       \
    __attribute__((                                                                   \
        target("avx2,fma,avx512f,avx512vl,avx512bw,avx512dq,avx512vnni,amx-tile,amx-" \
               "int8")))
#include "amx_panel.h"
#include "byte_avx2.h"
#include "byte_product.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <sys/syscall.h>
#include <unistd.h>

namespace mol_edge::network {
namespace {

/// Multiplications of one task, see `ByteKernels::task_products`.
constexpr std::ptrdiff_t kTaskProducts = 16'000'000;

using Sums = std::int32_t __attribute__((vector_size(64)));

/// The first `lanes` values, the others 0.
template <class Vector, class Value>
MOL_EDGE_NETWORK_INLINE void load_some(const Value* from, int lanes, Vector& to) {
    to = Vector{};
    std::memcpy(&to, from, static_cast<std::size_t>(lanes) * sizeof(Value));
}

/// Sums of rows from `first` on to what is wanted of them.
MOL_EDGE_NETWORK_TARGET void finish(const ByteProduct& p, int first, int rows, int columns,
                                    const std::int32_t* sums) {
    for (int c = 0; c < columns; c += kTileColumns) {
        const int lanes = std::min(kTileColumns, columns - c);
        const auto size = static_cast<std::size_t>(lanes) * sizeof(float);
        Sums start;
        load_some(p.start + c, lanes, start);
        Sixteen scale = {};
        Sixteen bias = {};
        if (p.sums == nullptr) {
            load_some(p.scale + c, lanes, scale);
            load_some(p.bias + c, lanes, bias);
        }
        for (int r = 0; r < rows; ++r) {
            Sums sum;
            std::memcpy(&sum, sums + r * kSumStep + c, sizeof sum);
            sum += start;
            if (p.sums != nullptr) {
                std::memcpy(p.sums + (first + r) * kColumns + c, &sum, sizeof sum);
                continue;
            }
            Sixteen value = __builtin_convertvector(sum, Sixteen) * scale + bias;
            activate(p.slope, value);
            float* const to = p.outs[first + r] + c;
            if (lanes == kTileColumns) {
                store(value, to);
            } else {
                std::memcpy(to, &value, size);
            }
        }
    }
}

/// What stays in memory of its own while rows are multiplied.
struct Bench {
    alignas(64) std::uint8_t copies[kCopiedRows * kCopyStep];
    alignas(64) std::int32_t sums[kCopiedRows * kSumStep];
    alignas(64) std::int8_t widened[kCopiedInputs * kColumns];
};

/// Adds the products of some inputs, which are copied, and of weights of several panels, which lie
/// `at` behind each one's first; `next`: where those lie that are multiplied afterwards.
MOL_EDGE_NETWORK_TARGET void add_inputs(const ByteProduct& p, int rows, const Inputs& inputs,
                                        int panels, std::ptrdiff_t at, const std::int8_t* next,
                                        Bench& bench) {
    const auto add = rows > kTileRows ? add_panel<true> : add_panel<false>;
    const std::ptrdiff_t weights_of_byte = p.in_nibbles ? 2 : 1;
    for (int panel = 0; panel < panels; ++panel) {
        const std::int8_t* from = p.panel + panel * p.panel_step + at;
        const Ahead ahead{panel + 1 < panels ? from + p.panel_step : next,
                          next == nullptr ? 0 : kTileBytes * kColumns / weights_of_byte};
        if (p.in_nibbles) {
            widen(from, inputs.count() * kColumns, bench.widened);
            from = bench.widened;
        }
        add(bench.copies, inputs.count(), from, ahead, at == 0, bench.sums + panel * kColumns);
    }
}

MOL_EDGE_NETWORK_TARGET void amx_product(const ByteProduct& p) {
    Bench bench;
    const int columns = p.sums != nullptr ? kColumns : p.columns;
    const int panels = (columns + kColumns - 1) / kColumns;
    const auto [taps, part] = pieces_of(p.run, kCopiedInputs);
    configure();
    for (int row = 0; row < p.row_count; row += kCopiedRows) {
        const int rows = std::min(kCopiedRows, p.row_count - row);
        std::ptrdiff_t at = 0;
        for (int tap = 0; tap < p.tap_count; tap += taps) {
            const int count = std::min(taps, p.tap_count - tap);
            for (int first = 0; first < p.run; first += part) {
                const Inputs inputs{p.taps + tap, count, first, std::min(part, p.run - first)};
                const std::ptrdiff_t after =
                    at + inputs.count() * kColumns / (p.in_nibbles ? 2 : 1);
                const bool ends = tap + count == p.tap_count && first + inputs.run == p.run;
                copy_inputs(p.rows + row, rows, inputs, bench.copies);
                // Weights of the first rows are near for the others.
                add_inputs(p, rows, inputs, panels, at,
                           row > 0 ? nullptr
                           : ends  ? p.next
                                   : p.panel + after,
                           bench);
                at = after;
            }
        }
        finish(p, row, rows, columns, bench.sums);
    }
    _tile_release();
}

}  // namespace

bool may_use_amx() {
    constexpr long ask_for_state = 0x1023;
    constexpr long tile_data = 18;
    return syscall(SYS_arch_prctl, ask_for_state, tile_data) == 0;
}

ByteKernels amx_byte_kernels() {
    return {.name = "amx",
            .offset = 0,
            .panel = kColumns,
            .rows = kCopiedRows,
            .panels = kPanelsAtOnce,
            .task_products = kTaskProducts,
            .tiles_pay = false,
            .product = amx_product,
            .quantize = quantize,
            .differ = differ,
            .tiles = byte_tiles<Sixteen, kColumns>};
}

}  // namespace mol_edge::network

#endif
