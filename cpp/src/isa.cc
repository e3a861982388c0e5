#include "mol_edge/isa.h"

#include "mol_edge/error.h"

#include <algorithm>
#include <atomic>
#include <string>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace mol_edge {
namespace {

std::atomic<Isa>& chosen() {
    static std::atomic<Isa> isa{available_isas().back()};
    return isa;
}

}  // namespace

std::string_view name(Isa isa) {
    switch (isa) {
        case Isa::kAvx2:
            return "avx2";
        case Isa::kAvx512:
            return "avx512";
        case Isa::kNeon:
            return "neon";
        default:
            return "portable";
    }
}

std::vector<Isa> available_isas() {
    std::vector<Isa> isas{Isa::kPortable};
#if defined(__x86_64__)
    __builtin_cpu_init();  // has not run yet where this is called before main
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) {
        isas.push_back(Isa::kAvx2);
        if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")) {
            isas.push_back(Isa::kAvx512);
        }
    }
#elif defined(__aarch64__)
    isas.push_back(Isa::kNeon);
#endif
    return isas;
}

bool adds_bytes_exactly() {
#if defined(__x86_64__)
    // AVX512_VNNI is bit 11 of ECX in leaf 7.
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    const bool known = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0;
    return (known && (c >> 11 & 1U) != 0) || has_avx_vnni();
#else
    return true;
#endif
}

bool has_avx_vnni() {
#if defined(__x86_64__)
    // Bit 4 of EAX in the first subleaf of leaf 7.
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    const bool has_subleaf = __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && a >= 1;
    return has_subleaf && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a >> 4 & 1U) != 0;
#else
    return false;
#endif
}

Isa current_isa() {
    return chosen().load(std::memory_order_relaxed);
}

void use_isa(Isa isa) {
    const std::vector<Isa> isas = available_isas();
    if (std::find(isas.begin(), isas.end(), isa) == isas.end()) {
        throw OptionError("isa must be one that this processor runs, got '" +
                          std::string(name(isa)) + "'.");
    }
    chosen().store(isa, std::memory_order_relaxed);
}

}  // namespace mol_edge
