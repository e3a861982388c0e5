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

#if defined(__x86_64__)
struct Registers {
    unsigned a = 0, b = 0, c = 0, d = 0;
};

/// What CPUID says of further features; nothing of a subleaf that is not there.
Registers leaf_7(unsigned subleaf) {
    Registers r;
    __get_cpuid_count(7, subleaf, &r.a, &r.b, &r.c, &r.d);
    return r;
}
#endif

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
    // AVX512_VNNI is bit 11 of ECX.
    return (leaf_7(0).c >> 11 & 1U) != 0 || has_avx_vnni();
#else
    return true;
#endif
}

bool has_avx_vnni() {
#if defined(__x86_64__)
    // Bit 4 of EAX in the first subleaf, of which the other one tells whether it is there.
    return leaf_7(0).a >= 1 && (leaf_7(1).a >> 4 & 1U) != 0;
#else
    return false;
#endif
}

bool has_amx() {
#if defined(__x86_64__)
    // Bits 24 and 25 of EDX: registers of tiles, and products of their bytes.
    return (leaf_7(0).d >> 24 & 3U) == 3;
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
