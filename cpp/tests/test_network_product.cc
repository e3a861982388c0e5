#include "mol_edge/isa.h"

#include "catch.h"
#include "network/kernels.h"
#include "network_cases.h"

#include <cstddef>
#include <vector>

namespace mol_edge::network {
namespace {

TEST_CASE("a product is right for any number of rows, and writes no other columns") {
    const Isa isa = GENERATE(from_range(available_isas()));
    const bool narrow = GENERATE(false, true);
    const int rows = GENERATE(range(1, 2 * kNarrowRows + 2));
    // Pieces of taps and of parts of taps.
    struct Case {
        int taps, run;
        bool ragged;
    };
    const Case c = GENERATE(Case{3, 5, false}, Case{2, 300, true}, Case{9, 40, false});
    const int width = narrow ? kNarrowPanel : kPanel;
    const int columns = c.ragged ? width - 3 : width;
    const int inputs = c.taps * c.run;
    const auto pixels = noise(static_cast<std::size_t>(rows * inputs), 1);
    const auto panel = noise(static_cast<std::size_t>(inputs * width), 2);
    const auto bias = noise(static_cast<std::size_t>(width), 3);
    std::vector<float> result(static_cast<std::size_t>(rows * width), -5.0F);
    std::vector<const float*> from;
    std::vector<float*> to;
    for (int r = 0; r < rows; ++r) {
        from.push_back(pixels.data() + static_cast<std::ptrdiff_t>(r) * inputs);
        to.push_back(result.data() + static_cast<std::ptrdiff_t>(r) * width);
    }
    std::vector<std::ptrdiff_t> taps;
    for (int t = 0; t < c.taps; ++t) taps.push_back(static_cast<std::ptrdiff_t>(t) * c.run);
    kernels(isa).product({from.data(), to.data(), rows, taps.data(), c.taps, c.run, panel.data(),
                          bias.data(), 0.1F, columns, narrow, nullptr});
    float largest = 0;
    for (std::size_t r = 0; r < from.size(); ++r) {
        for (int n = 0; n < width; ++n) {
            double sum = bias[static_cast<std::size_t>(n)];
            for (int k = 0; k < inputs; ++k) {
                sum += static_cast<double>(from[r][k]) *
                       panel[static_cast<std::size_t>(k * width + n)];
            }
            const float wanted = n < columns ? leaky(sum, 0.1F) : -5.0F;
            largest = std::fmax(largest, std::fabs(to[r][n] - wanted));
        }
    }
    CHECK(largest < 3e-5F);
}

}  // namespace
}  // namespace mol_edge::network
