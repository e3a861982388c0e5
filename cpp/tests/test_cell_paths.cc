#include "mol_edge/error.h"
#include "mol_edge/path_history.h"

#include "catch.h"
#include "motions.h"

#include <cmath>
#include <cstdint>
#include <vector>

namespace mol_edge {
namespace {

constexpr std::int64_t kPeriod = 20'000'000;

bool near(Step got, double x, double y) {
    return std::abs(got.x - x) < 1e-6 && std::abs(got.y - y) < 1e-6;
}

CellPaths started() {
    CellPaths cells(layout());
    cells.start(0);
    return cells;
}

TEST_CASE("a cell moves by the mean of its landmarks, less where few are seen") {
    CellPaths cells = started();
    LandmarkMotion motion = still();
    move(motion, 17, 0.3F, 0);
    move(motion, 18, 0, -0.6F);
    move(motion, 48, 0.5F, 0.25F);
    REQUIRE(cells.add(kPeriod, {}, motion));
    CHECK(near(cells.path()[0], 0.1 * share_taken(3), -0.2 * share_taken(3)));
    CHECK(near(cells.path()[1], 0.5 * share_taken(1), 0.25 * share_taken(1)));
    CHECK(near(cells.path()[2], 0, 0));
    CHECK(cells.seen() == std::vector<char>{1, 1, 1, 1});
}

TEST_CASE("motions over several frames begin where the patches were then") {
    CellPaths cells = started();
    for (int frame = 1; frame <= 40; ++frame) {
        const int since = std::max(0, frame - 5);
        const auto moved = static_cast<float>(0.1 * (frame - since));
        REQUIRE(cells.add(frame * kPeriod, since * kPeriod, moving(moved, -moved)));
    }
    CHECK(std::abs(cells.path()[0].x - 4 * share_taken(3)) < 1e-5);
    CHECK(std::abs(cells.path()[0].y + 4 * share_taken(3)) < 1e-5);
}

TEST_CASE("a motion from a time that is not kept is not taken") {
    CellPaths cells = started();
    CHECK_FALSE(cells.add(kPeriod, 7, moving(1, 0)));
    CHECK(near(cells.path()[0], 0, 0));
    for (int frame = 1; frame <= 60; ++frame) REQUIRE(cells.add(frame * kPeriod, {}, still()));
    CHECK_FALSE(cells.add(61 * kPeriod, 9 * kPeriod, still()));
    CHECK(cells.add(61 * kPeriod, 10 * kPeriod, still()));
}

TEST_CASE("a layout of landmarks or cells that are not there is refused") {
    CellLayout wrong = layout();
    SECTION("landmark") {
        wrong.members[1] = {68};
    }
    SECTION("evidence") {
        wrong.evidence = 5;
    }
    SECTION("brows") {
        wrong.brows = 5;
    }
    SECTION("lid") {
        wrong.lower_lids = {4};
    }
    SECTION("no lid") {
        wrong.upper_lids.clear();
    }
    CHECK_THROWS_AS(CellPaths(wrong), ArrayError);
    CHECK_THROWS_AS(PathHistory(wrong, 1, {0.18, 6.6}), ArrayError);
}

TEST_CASE("nothing is taken before a start") {
    CellPaths cells(layout());
    CHECK_FALSE(cells.add(kPeriod, {}, moving(1, 0)));
    CHECK_FALSE(cells.add(kPeriod, 0, moving(1, 0)));
}

TEST_CASE("time that does not rise is not taken") {
    CellPaths cells = started();
    REQUIRE(cells.add(kPeriod, {}, moving(1, 0)));
    const Step before = cells.path()[0];
    CHECK_FALSE(cells.add(kPeriod, {}, moving(1, 0)));
    CHECK_FALSE(cells.add(kPeriod, 0, moving(1, 0)));
    CHECK_FALSE(cells.add(kPeriod - 1, 0, moving(1, 0)));
    CHECK(near(cells.path()[0], before.x, before.y));
}

TEST_CASE("a time below 0 is refused") {
    CellPaths cells(layout());
    CHECK_THROWS_AS(cells.start(-1), OptionError);
}

TEST_CASE("what is not seen stays where it was and is told of") {
    CellPaths cells = started();
    LandmarkMotion motion = moving(1, 1);
    motion.deviation.fill(kInfinity);
    REQUIRE(cells.add(kPeriod, {}, motion));
    for (const Step& step : cells.path()) CHECK(near(step, 0, 0));
    CHECK(cells.seen() == std::vector<char>{0, 0, 0, 0});
}

TEST_CASE("an edge counts along its normal alone") {
    CellPaths cells = started();
    LandmarkMotion motion = still();
    move(motion, 48, 0.3F, 0.4F);
    motion.axes[2 * 48] = 0.6F;
    motion.axes[2 * 48 + 1] = 0.8F;
    motion.deviation[2 * 48 + 1] = kInfinity;
    REQUIRE(cells.add(kPeriod, {}, motion));
    CHECK(near(cells.path()[1], 0.3 * share_taken(1), 0.4 * share_taken(1)));
    CHECK(cells.seen()[1] == 1);
}

TEST_CASE("a patch with a number that is none, or none there can be, is not seen") {
    const auto spoil = GENERATE(0, 1, 2, 3, 4, 5, 6, 7, 8);
    LandmarkMotion broken = moving(0.5F, 0);
    switch (spoil) {
        case 0:
            move(broken, 48, kNan, 0);
            break;
        case 1:
            move(broken, 48, 0, kInfinity);
            break;
        case 2:
            move(broken, 48, -kInfinity, kNan);
            break;
        case 3:
            broken.axes[2 * 48] = kNan;
            break;
        case 4:
            broken.axes[2 * 48 + 1] = kInfinity;
            break;
        case 5:
            broken.axes[2 * 48] = broken.axes[2 * 48 + 1] = 1e30F;
            break;
        case 6:
            broken.deviation[2 * 48] = kNan;
            break;
        case 7:
            broken.deviation[2 * 48 + 1] = kNan;
            break;
        default:
            broken.deviation[2 * 48] = -kInfinity;
    }
    CellPaths cells = started();
    REQUIRE(cells.add(kPeriod, {}, moving(0.5F, 0)));
    REQUIRE(cells.add(2 * kPeriod, {}, broken));
    CHECK(cells.seen() == std::vector<char>{1, 0, 1, 1});
    CHECK(near(cells.path()[1], 0.5 * share_taken(1), 0));
    CHECK(near(cells.path()[0], 1.0 * share_taken(3), 0));
    // Seen again from before it was lost, it has not missed anything.
    REQUIRE(cells.add(3 * kPeriod, kPeriod, moving(1, 0)));
    CHECK(cells.seen()[1] == 1);
    CHECK(std::isfinite(cells.path()[1].x));
    CHECK(cells.path()[1].x > 1.4);
}

}  // namespace
}  // namespace mol_edge
