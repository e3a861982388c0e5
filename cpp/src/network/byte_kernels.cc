#include "byte_kernels.h"

#include "mol_edge/isa.h"

#define MOL_EDGE_NETWORK_TARGET
#include "byte_kernels_neon.h"
#include "byte_kernels_x86.h"
#include "byte_product.h"
#include "byte_tile_kernels.h"

#include <algorithm>
#include <cmath>

#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace mol_edge::network {
namespace {

/// What every processor runs.
struct PortableDot {
    using Sums = std::int32_t __attribute__((vector_size(16)));
    using Floats = Four;

    static constexpr int kPanel = kBytePanel;
    static constexpr int kRows = kByteRows;

    template <int Rows, int Vectors>
    MOL_EDGE_NETWORK_INLINE static void add(const std::uint8_t* const (&rows)[Rows],
                                            std::ptrdiff_t k, const std::int8_t* b,
                                            Sums (&sums)[Rows][Vectors]) {
        for (int r = 0; r < Rows; ++r) {
            const std::uint8_t* const a = rows[r] + k;
            for (int v = 0; v < Vectors; ++v) {
                for (int lane = 0; lane < 4; ++lane) {
                    std::int32_t sum = 0;
                    for (int four = 0; four < kByteFours; ++four) {
                        const std::int8_t* const weights =
                            b + (four * kBytePanel + v * 4 + lane) * 4;
                        for (int i = 0; i < 4; ++i) sum += a[four * 4 + i] * weights[i];
                    }
                    sums[r][v][lane] += sum;
                }
            }
        }
    }
};

/// `Offset`: of the kernels.
template <int Offset>
void portable_quantize(const ByteRow& row) {
    for (int x = 0; x < row.pixels; ++x) {
        const float* const from = row.from + x * row.pixel_step;
        std::uint8_t* const to = row.to + static_cast<std::ptrdiff_t>(x) * row.channels;
        for (int c = 0; c < row.channels; ++c) {
            const float value = from[c] * row.factors[c] + row.zero;
            // This way round, what is no number becomes 0.
            const float kept = value > 0 ? std::min(value, static_cast<float>(kMostByte)) : 0;
            to[c] = static_cast<std::uint8_t>(static_cast<int>(std::nearbyintf(kept)) - Offset);
        }
    }
}

#if defined(__aarch64__) && defined(__linux__)
/// SDOT multiplies bytes that have signs.
constexpr int kSigned = 128;
#endif

std::vector<ByteKernels> found() {
    std::vector<ByteKernels> all{
        kernels_of_dot<PortableDot>("portable", portable_quantize<0>, differ<0>)};
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return all;
    all.push_back(avx2_byte_kernels());
#if defined(MOL_EDGE_AVX_VNNI)
    if (has_avx_vnni()) {
        all.push_back(avx_vnni_byte_kernels());
    }
#endif
    if (available_isas().back() == Isa::kAvx512 && __builtin_cpu_supports("avx512vnni")) {
        all.push_back(avx512_vnni_byte_kernels());
#if defined(MOL_EDGE_AMX)
        if (has_amx() && may_use_amx()) all.push_back(amx_byte_kernels());
#endif
    }
#elif defined(__aarch64__) && defined(__linux__)
    if ((getauxval(AT_HWCAP) & HWCAP_ASIMDDP) != 0) {
        all.push_back({.name = "dotprod",
                       .offset = kSigned,
                       .panel = kBytePanel,
                       .rows = kByteRows,
                       .panels = 1,
                       .task_products = kByteTaskProducts,
                       .tiles_pay = true,
                       .product = dotprod_byte_product,
                       .quantize = portable_quantize<kSigned>,
                       .differ = differ<kSigned>,
                       .tiles = byte_tiles<Four, kBytePanel>});
    }
#endif
    return all;
}

}  // namespace

const std::vector<ByteKernels>& byte_kernels() {
    static const std::vector<ByteKernels> all = found();
    return all;
}

}  // namespace mol_edge::network
