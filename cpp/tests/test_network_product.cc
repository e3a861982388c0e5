#include "mol_edge/isa.h"

#include "catch.h"
#include "network/fixed_panels.h"
#include "network/kernels.h"
#include "network_cases.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace mol_edge::network {
namespace {

/// Where rows of so many values begin.
template <class Value>
std::vector<Value*> rows_of(Value* first, int rows, int size) {
    std::vector<Value*> at;
    for (int r = 0; r < rows; ++r) at.push_back(first + static_cast<std::ptrdiff_t>(r) * size);
    return at;
}

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
    const auto from = rows_of(pixels.data(), rows, inputs);
    const auto to = rows_of(result.data(), rows, width);
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

TEST_CASE("a product takes several panels at once, in floats and in fixed point") {
    const Isa isa = GENERATE(from_range(available_isas()));
    const Kernels& k = kernels(isa);
    const int panels = GENERATE_COPY(range(1, k.panels + 1));
    const int rows = GENERATE(1, 4, 9, 20);
    const bool fixed = GENERATE(false, true);
    // Groups of inputs that are not whole, several pieces, outputs that do not fill a panel.
    struct Case {
        int taps, run, missing;
    };
    const Case c = GENERATE(Case{2, 70, 0}, Case{1, 301, 5});
    const int inputs = c.taps * c.run;
    const int width = panels * kPanel;
    const int columns = width - c.missing;
    const auto pixels = noise(static_cast<std::size_t>(rows * inputs), 1);
    const auto weights = noise(static_cast<std::size_t>(panels * inputs * kPanel), 2);
    const auto bias = noise(static_cast<std::size_t>(width), 3);
    const auto packed = FixedPanels::of(weights.data(), panels, c.taps, c.run);
    REQUIRE(packed.has_value());
    std::vector<float> result(static_cast<std::size_t>(rows * width), -5.0F);
    const auto from = rows_of(pixels.data(), rows, inputs);
    const auto to = rows_of(result.data(), rows, width);
    const std::ptrdiff_t taps[] = {0, c.run};
    const std::ptrdiff_t whole = static_cast<std::ptrdiff_t>(inputs) * kPanel;
    k.product({from.data(), to.data(), rows, taps, c.taps, c.run,
               fixed ? packed->words.data() : weights.data(), bias.data(), 0.1F, columns, false,
               nullptr, fixed ? fixed_panel_size(c.taps, c.run) : whole,
               fixed ? packed->steps.data() : nullptr});
    float largest = 0;
    for (int r = 0; r < rows; ++r) {
        for (int n = 0; n < width; ++n) {
            double sum = bias[static_cast<std::size_t>(n)];
            for (int i = 0; i < inputs; ++i) {
                sum +=
                    static_cast<double>(from[static_cast<std::size_t>(r)][i]) *
                    weights[static_cast<std::size_t>(n / kPanel * whole + i * kPanel + n % kPanel)];
            }
            const float wanted = n < columns ? leaky(sum, 0.1F) : -5.0F;
            largest = std::fmax(largest, std::fabs(to[static_cast<std::size_t>(r)][n] - wanted));
        }
    }
    CHECK(largest < 3e-5F);
}

TEST_CASE("weights in fixed point are off by half a step of their column's largest at most") {
    const int run = 37;
    auto weights = noise(static_cast<std::size_t>(2 * run * kPanel), 4);
    // A column of zeros, one of small weights, and one of as good as none.
    for (int k = 0; k < 2 * run; ++k) {
        weights[static_cast<std::size_t>(k * kPanel)] = 0;
        weights[static_cast<std::size_t>(k * kPanel + 1)] *= 1e-20F;
        weights[static_cast<std::size_t>(k * kPanel + 2)] *= 1e-40F;
    }
    const auto fixed = FixedPanels::of(weights.data(), 1, 2, run);
    REQUIRE(fixed.has_value());
    CHECK(static_cast<std::ptrdiff_t>(fixed->words.size()) == fixed_panel_size(2, run));
    std::vector<double> largest(kPanel, 1.0);
    largest[1] = 1e-20;
    // One input after the other is 1, the others 0.
    double worst = 0;
    for (int input = 0; input < 2 * run; ++input) {
        std::vector<float> pixels(static_cast<std::size_t>(2 * run));
        pixels[static_cast<std::size_t>(input)] = 1;
        float out[kPanel];
        const float* const row = pixels.data();
        float* const to = out;
        const std::ptrdiff_t taps[] = {0, run};
        const float bias[kPanel] = {};
        kernels(available_isas().front())
            .product({&row, &to, 1, taps, 2, run, fixed->words.data(), bias, 1.0F, kPanel, false,
                      nullptr, 0, fixed->steps.data()});
        for (std::size_t n = 0; n < kPanel; ++n) {
            const double wanted = weights[static_cast<std::size_t>(input) * kPanel + n];
            worst = std::max(worst, std::fabs(out[n] - wanted) / largest[n]);
        }
    }
    // Half a step of 23 bits, and a float's rounding of what comes out.
    CHECK(worst < 0.5 / ((1 << 23) - 1) + 6.1e-8);
    CHECK(worst > 1e-9);
}

TEST_CASE("weights of which one is far above the others, or is none, stay floats") {
    const int run = 2048;
    auto weights = noise(static_cast<std::size_t>(run * kPanel), 5);
    CHECK(FixedPanels::of(weights.data(), 1, 1, run).has_value());
    weights[5] = GENERATE(100.0F, std::numeric_limits<float>::infinity(),
                          std::numeric_limits<float>::quiet_NaN());
    CHECK_FALSE(FixedPanels::of(weights.data(), 1, 1, run).has_value());
}

}  // namespace
}  // namespace mol_edge::network
