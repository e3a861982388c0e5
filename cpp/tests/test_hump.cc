#include "mol_edge/error.h"
#include "mol_edge/hump.h"

#include "catch.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <vector>

namespace mol_edge {
namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::size_t kCells = 3, kEvidence = 2;
const Steps kNoise(kCells, Step{0.03, 0.03});

/// What is measured of a second in which the second cell goes a way, at 100 frames a second.
std::optional<Hump> measured(const std::function<double(double)>& way, int frames = 100,
                             int blink = -1) {
    std::mt19937 random(5);
    std::normal_distribution<double> tremble(0, 0.01);
    std::vector<std::int64_t> times, indices;
    Steps paths;
    // Of bool itself, since std::vector<bool> is none.
    const std::unique_ptr<bool[]> blinks(new bool[static_cast<std::size_t>(frames)]());
    for (int frame = 0; frame < frames; ++frame) {
        times.push_back(frame * 10 * kMs);
        indices.push_back(1000 + frame);
        for (std::size_t cell = 0; cell < kCells; ++cell) {
            paths.push_back({tremble(random), tremble(random)});
        }
        paths[paths.size() - 2].x += way(frame * 10.0);
        blinks[static_cast<std::size_t>(frame)] = frame == blink;
    }
    const PathRows rows{times, indices, paths,
                        std::span(blinks.get(), static_cast<std::size_t>(frames)), kCells};
    return measure_hump(rows, 250 * kMs, kNoise, kEvidence);
}

/// Up from 300 to 420 ms, down to what is left at 600 ms.
double hump(double ms, double left = 0) {
    if (ms < 420) return std::clamp((ms - 300) / 120, 0.0, 1.0);
    return 1 - (1 - left) * std::clamp((ms - 420) / 180, 0.0, 1.0);
}

TEST_CASE("a movement that is over is measured") {
    const auto found = measured([](double ms) { return hump(ms); });
    REQUIRE(found);
    REQUIRE(found->ended);
    CHECK(std::abs(found->onset_ns - 300 * kMs) <= 35 * kMs);
    CHECK(std::abs(found->apex_ns - 420 * kMs) <= 25 * kMs);
    CHECK(std::abs(found->offset_ns - 600 * kMs) <= 45 * kMs);
    CHECK(found->onset == 1000 + found->onset_ns / (10 * kMs));
    CHECK(std::abs(found->period_ms - 10) < 1e-9);
    CHECK(std::abs(found->peak[1].x - 1) < 0.1);
    CHECK(std::abs(found->peak[0].x) < 0.06);
    CHECK(found->step < 0.1);
    CHECK(found->beside < 0.15);
    CHECK(found->explained > 0.95);
    CHECK_FALSE(found->blinked);
}

TEST_CASE("where it rests, what goes on beside it and a blink in it are told") {
    const auto stays = measured([](double ms) { return hump(ms, 0.35); });
    REQUIRE((stays && stays->ended));
    CHECK(std::abs(stays->step - 0.41) < 0.08);
    const auto goes_on =
        measured([](double ms) { return hump(ms) + 0.5 * hump(3 * (ms - 40) + 300); });
    REQUIRE((goes_on && goes_on->ended));
    CHECK(std::abs(goes_on->beside - 0.5) < 0.12);
    const auto blinked = measured([](double ms) { return hump(ms); }, 100, 45);
    REQUIRE((blinked && blinked->ended));
    CHECK(blinked->blinked);
}

TEST_CASE("what has not come back, or has hardly begun, is not measured") {
    for (const int frames : {38, 43, 48, 52}) {
        const auto found = measured([](double ms) { return hump(ms); }, frames);
        CHECK_FALSE((found && found->ended));
    }
    const auto step = measured([](double ms) { return hump(std::min(ms, 420.0)); });
    CHECK((step && !step->ended));
    CHECK_FALSE(measured([](double ms) { return hump(ms); }, 30));
}

TEST_CASE("rows of other sizes are refused") {
    const std::vector<std::int64_t> times(4);
    const Steps paths(8);
    const bool blinks[4] = {};
    CHECK_THROWS_AS(measure_hump({times, times, paths, blinks, kCells}, 0, kNoise, kEvidence),
                    ArrayError);
    CHECK_THROWS_AS(measure_hump({times, times, paths, blinks, 2}, 0, kNoise, kEvidence),
                    ArrayError);
    const Steps noise(2, Step{1, 1});
    CHECK_THROWS_AS(measure_hump({times, times, paths, blinks, 2}, 0, noise, 3), ArrayError);
}

}  // namespace
}  // namespace mol_edge
