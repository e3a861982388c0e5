#include "mol_edge/blink_leak.h"

#include "catch.h"
#include "path_bridge.h"

#include <cmath>
#include <cstdint>
#include <deque>

namespace mol_edge {
namespace {

constexpr std::int64_t kPeriod = 20'000'000;

/// Rows of a brow, a mouth and a lid, of which blinks move the brow and the lid.
class Blinks {
  public:
    /// Open lids, then ten frames of closed ones in which the brow goes so far and comes back.
    void blink(double way, double lid = 4) {
        for (int i = 0; i < 20; ++i) add({0, 0}, false);
        for (int i = 0; i < 10; ++i) add({0, i == 5 ? way : 0.0}, true, i == 5 ? lid : 0.0);
        for (int i = 0; i < 20; ++i) add({0, 0}, false);
    }

    void add(Step brow, bool closed, double lid = 4) {
        const std::int64_t frame = static_cast<std::int64_t>(frames_++);
        const Step closing{0, closed ? lid : 0.0};
        rows.push_back(
            {frame * kPeriod, frame, {brow, {0.02, 0}, closing}, Steps(3), closed, false});
        leak.add(rows);
    }

    std::deque<PathRow> rows;
    BlinkLeak leak{{2}};

  private:
    int frames_ = 0;
};

TEST_CASE("what blinks move is known after two of them") {
    Blinks face;
    face.blink(0.2);
    CHECK(face.leak.px().empty());
    face.blink(0.2);
    REQUIRE(face.leak.px().size() == 3);
    CHECK(std::abs(face.leak.px()[0] - 0.6) < 1e-9);
    CHECK(std::abs(face.leak.px()[1] - 0.3) < 1e-9);
}

TEST_CASE("a blink with which something else moves hardly counts, a face that differs does") {
    Blinks face;
    for (const double way : {0.2, 0.22, 2.0, 0.21, 0.2}) face.blink(way);
    CHECK(std::abs(face.leak.px()[0] - 3 * 0.21) < 1e-9);
    for (int i = 0; i < 8; ++i) face.blink(1.0);
    CHECK(std::abs(face.leak.px()[0] - 3) < 1e-9);
}

TEST_CASE("what closes no lids teaches nothing") {
    Blinks face;
    for (int i = 0; i < 4; ++i) face.blink(0.05, 0.5);
    CHECK(face.leak.px().empty());
    for (int i = 0; i < 2; ++i) face.blink(1.0);
    CHECK(std::abs(face.leak.px()[0] - 3) < 1e-9);
}

TEST_CASE("a blink is measured from the line between its rests, and not without one") {
    Blinks face;
    for (int i = 0; i < 3; ++i) {
        // The brow rests elsewhere after each.
        for (int k = 0; k < 20; ++k) face.add({0, 1.0 * i}, false);
        for (int k = 0; k < 10; ++k) face.add({0, i + (k + 0.5) / 10}, true);
    }
    for (int k = 0; k < 20; ++k) face.add({0, 3}, false);
    REQUIRE(face.leak.px().size() == 3);
    CHECK(face.leak.px()[0] < 0.4);
    Blinks broken;
    for (int i = 0; i < 3; ++i) {
        broken.leak.restart();
        broken.rows.clear();
        for (int k = 0; k < 10; ++k) broken.add({0, 0}, true);
        for (int k = 0; k < 20; ++k) broken.add({0, 0}, false);
    }
    CHECK(broken.leak.px().empty());
}

TEST_CASE("cells go straight through what lies within two frames of closed lids") {
    Blinks face;
    for (int i = 0; i < 10; ++i) face.add({0, i < 5 ? 0.0 : 1.0}, i == 5);
    const Steps paths = bridged_paths(face.rows, 1, {0});
    REQUIRE(paths.size() == 27);
    const double expected[] = {0, 0, 1.0 / 6, 2.0 / 6, 3.0 / 6, 4.0 / 6, 5.0 / 6, 1, 1};
    for (std::size_t i = 0; i < 9; ++i) {
        CHECK(std::abs(paths[3 * i].y - expected[i]) < 1e-9);
        CHECK(paths[3 * i + 1].x == 0.02);
    }
    const Steps plain = bridged_paths(face.rows, 1, {});
    CHECK(plain[9].y == 0);
    CHECK(plain[12].y == 1);
    // With nothing known before it, a path is as after it.
    CHECK(bridged_paths(face.rows, 4, {0})[0].y == 1);
}

}  // namespace
}  // namespace mol_edge
