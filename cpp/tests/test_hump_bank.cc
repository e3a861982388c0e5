#include "mol_edge/error.h"
#include "mol_edge/hump_bank.h"

#include "catch.h"

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <numbers>
#include <optional>
#include <random>

namespace mol_edge {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::size_t kCells = 3, kEvidence = 2;
constexpr HumpLimits kLimits{.least_px = 0.18, .factor = 6};

/// A raised cosine of a height about a time, ms.
double raised(double ms, double middle, double duration, double height) {
    const double from = std::abs(ms - middle);
    if (from > duration / 2) return 0;
    return height * (0.5 + 0.5 * std::cos(2 * std::numbers::pi * from / duration));
}

/// The clearest hump of four seconds; only the second cell moves, the third is no evidence.
std::optional<FoundHump> clearest(const std::function<Step(double)>& path, double period_ms = 20,
                                  double noise = 0.02) {
    HumpBank bank(kCells, kEvidence, kLimits);
    std::mt19937 random(3);
    std::normal_distribution<double> tremble(0, noise);
    std::optional<FoundHump> best;
    for (double ms = 0; ms < 5000; ms += period_ms) {
        Steps at(kCells);
        for (Step& each : at) each = {tremble(random), tremble(random)};
        const Step moved = path(ms);
        at[1] = {at[1].x + moved.x, at[1].y + moved.y};
        at[2] = moved;
        bank.add(static_cast<std::int64_t>(ms * 1e6), at);
        const auto& found = bank.found();
        if (found && (!best || found->clearness > best->clearness)) best = found;
    }
    return best;
}

TEST_CASE("a hump is found with its times and height at any rate") {
    for (const double period_ms : {5.0, 16.7, 33.3, 40.0}) {
        const auto found = clearest(
            [](double ms) { return Step{raised(ms, 3600, 340, 0.5), raised(ms, 3600, 340, -0.3)}; },
            period_ms);
        REQUIRE(found);
        CHECK(found->cell == 1);
        CHECK(std::abs(found->apex_ns - 3600 * kMs) <= 50 * kMs);
        CHECK(std::abs(found->offset_ns - found->onset_ns - 340 * kMs) <= 80 * kMs);
        CHECK(std::abs(found->peak[1].x - 0.5) < 0.1);
        CHECK(std::abs(found->peak[1].y + 0.3) < 0.1);
        CHECK(std::abs(found->peak[2].x - 0.5) < 0.1);
        CHECK(std::hypot(found->peak[0].x, found->peak[0].y) < 0.1);
        CHECK(found->noise.size() == kEvidence);
        CHECK(found->clearness > kLimits.factor);
    }
}

TEST_CASE("steps, swings, small and slow paths are no humps") {
    CHECK_FALSE(clearest([](double) { return Step{}; }));
    CHECK_FALSE(clearest([](double ms) { return Step{ms > 3500 ? 1.0 : 0.0, 0}; }));
    CHECK_FALSE(clearest([](double ms) { return Step{std::sin(ms / 60), 0}; }));
    CHECK_FALSE(
        clearest([](double ms) { return Step{raised(ms, 3600, 340, 0.15), 0}; }, 20, 0.005));
    CHECK_FALSE(clearest([](double ms) { return Step{raised(ms, 3200, 2000, 1.0), 0}; }));
    CHECK_FALSE(clearest([](double ms) { return Step{raised(ms, 3600, 340, 0.5), 0}; }, 20, 0.3));
}

TEST_CASE("a hump upon a drift is found") {
    const auto found =
        clearest([](double ms) { return Step{ms / 5000 + raised(ms, 3600, 260, 0.6), 0}; });
    REQUIRE(found);
    CHECK(std::abs(found->peak[1].x - 0.6) < 0.12);
}

TEST_CASE("nothing is told before noise is known, nor across a gap") {
    const auto early = clearest([](double ms) { return Step{raised(ms, 900, 340, 0.5), 0}; });
    CHECK_FALSE(early);
    HumpBank bank(1, 1, kLimits);
    bool told = false;
    for (int i = 0; i < 400; ++i) {
        // The frames around the apex are missing.
        if (i > 170 && i < 200) continue;
        bank.add(i * 20 * kMs, {{raised(20.0 * i, 3700, 800, 1.0), 0}});
        told = told || bank.found();
    }
    CHECK_FALSE(told);
    bank.add(0, {{0, 0}});
    CHECK_FALSE(bank.found());
}

TEST_CASE("noise outlives a restart, and minutes of paths the rings they are kept in") {
    HumpBank bank(1, 1, kLimits);
    std::mt19937 random(5);
    std::normal_distribution<double> tremble(0, 0.02);
    std::int64_t at_ns = 0;
    const auto hump = [&] {
        bool told = false;
        for (int i = 0; i < 250; ++i, at_ns += 20 * kMs) {
            const double x = raised(20.0 * i, 1000, 340, 0.5) + tremble(random);
            bank.add(at_ns, {{x, tremble(random)}});
            told = told || bank.found();
        }
        return told;
    };
    CHECK_FALSE(hump());
    for (int times = 0; times < 60; ++times) CHECK(hump());
    bank.restart();
    CHECK(hump());
}

TEST_CASE("the last times that there are do no harm") {
    constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max();
    HumpBank bank(1, 1, kLimits);
    bank.add(last - 10 * kMs, {{0, 0}});
    bank.add(last, {{1, 0}});
    CHECK_FALSE(bank.found());
}

TEST_CASE("humps need cells and limits") {
    CHECK_THROWS_AS(HumpBank(1, 2, kLimits), OptionError);
    CHECK_THROWS_AS(HumpBank(2, 2, {.least_px = 0, .factor = 6}), OptionError);
    CHECK_THROWS_AS(HumpBank(2, 2, {.least_px = 0.1, .factor = std::nan("")}), OptionError);
}

}  // namespace
}  // namespace mol_edge
