#include "mol_edge/error.h"
#include "mol_edge/isa.h"

#include "catch.h"

#include <algorithm>

namespace mol_edge {
namespace {

TEST_CASE("the portable code is always there, and the fastest is taken") {
    const auto isas = available_isas();
    REQUIRE(isas.front() == Isa::kPortable);
    CHECK(current_isa() == isas.back());
    use_isa(Isa::kPortable);
    CHECK(current_isa() == Isa::kPortable);
    use_isa(isas.back());
}

TEST_CASE("whether bytes are added exactly is the same each time") {
    CHECK(adds_bytes_exactly() == adds_bytes_exactly());
#if defined(__aarch64__)
    CHECK(adds_bytes_exactly());
#endif
}

TEST_CASE("a processor with AMX on bytes has VNNI too") {
    if (has_amx()) CHECK(adds_bytes_exactly());
#if !defined(__x86_64__)
    CHECK_FALSE(has_amx());
#endif
}

TEST_CASE("an instruction set that the processor lacks is refused") {
    const auto isas = available_isas();
    for (const Isa isa : {Isa::kPortable, Isa::kAvx2, Isa::kAvx512, Isa::kNeon}) {
        CHECK_FALSE(name(isa).empty());
        if (std::find(isas.begin(), isas.end(), isa) != isas.end()) continue;
        CHECK_THROWS_AS(use_isa(isa), OptionError);
        CHECK(current_isa() == isas.back());
    }
}

}  // namespace
}  // namespace mol_edge
