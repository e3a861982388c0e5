#include "mol_edge/error.h"
#include "mol_edge/path_history.h"

#include "catch.h"
#include "motions.h"

#include <cmath>
#include <cstdint>
#include <optional>
#include <random>

namespace mol_edge {
namespace {

constexpr std::int64_t kPeriod = 20'000'000, kSecond = 1'000'000'000;
constexpr double kLeastNoise = 0.012, kFirstNoise = 0.05;
constexpr std::size_t kBrow = 0, kMouth = 1;
constexpr HumpLimits kHumps{.least_px = 0.18, .factor = 6};

/// A history of the test's layout that is told of frames in turn.
class Stream {
  public:
    explicit Stream(std::int64_t keep_ns = 5 * kSecond) : history(layout(), keep_ns, kHumps) {}

    void take(const LandmarkMotion& motion) {
        ++frame;
        REQUIRE(history.add(frame * kPeriod, frame, {}, motion));
    }

    void rest(int frames) {
        for (int i = 0; i < frames; ++i) {
            take(still());
            history.learn_noise();
        }
    }

    /// Landmarks that tremble independently within so many pixels of their places.
    void tremble(int frames, float most) {
        for (int i = 0; i < frames; ++i) {
            LandmarkMotion motion = still();
            for (std::size_t k = 0; k < motion.vectors.size(); ++k) {
                const float place = most * (static_cast<float>(random() % 2001) / 1000 - 1);
                motion.vectors[k] = place - places[k];
                places[k] = place;
            }
            take(motion);
            history.learn_noise();
        }
    }

    bool blinks() const { return history.row(history.size() - 1).blink; }

    PathHistory history;
    std::int64_t frame = 0;
    std::mt19937 random{1};
    LandmarkPoints places{};
};

/// The lids of the layout's eye come together, or part.
LandmarkMotion lids(float closing) {
    LandmarkMotion motion = still();
    move(motion, 37, 0, closing);
    return motion;
}

LandmarkMotion hidden_eyes(float confidence = 0.1F) {
    LandmarkMotion motion = still();
    for (std::size_t i = 36; i < 48; ++i) motion.confidence[i] = confidence;
    return motion;
}

TEST_CASE("speed is the displacement over a tenth of a second") {
    Stream stream;
    stream.take(still());
    for (int i = 0; i < 20; ++i) stream.take(moving(0.02F, -0.01F));
    const Steps speed = stream.history.speed();
    CHECK(std::abs(speed[kMouth].x - 0.1 * share_taken(1)) < 1e-6);
    CHECK(std::abs(speed[kMouth].y + 0.05 * share_taken(1)) < 1e-6);
    CHECK(std::abs(speed[kBrow].x - 0.1 * share_taken(3)) < 1e-6);
    CHECK(stream.history.span_ns() == 20 * kPeriod);
    CHECK(stream.history.row(20).index == 21);
}

TEST_CASE("an empty history knows nothing and does not mind being asked") {
    PathHistory history(layout(), kSecond, kHumps);
    history.learn_noise();
    CHECK(history.size() == 0);
    CHECK(history.span_ns() == 0);
    CHECK(history.speed().empty());
    CHECK_FALSE(history.moves(0, 0));
    CHECK(history.row_at(5) == 0);
    CHECK(history.noise()[0].x == kFirstNoise);
}

TEST_CASE("rows are kept for as long as was asked") {
    Stream stream(kSecond / 2);
    stream.rest(200);
    CHECK(stream.history.size() == 26);
    CHECK(stream.history.span_ns() == kSecond / 2);
    CHECK(stream.history.row_at(200 * kPeriod) == 25);
    CHECK(stream.history.row_at(0) == 0);
}

TEST_CASE("time that repeats or steps back is not taken") {
    Stream stream;
    stream.take(still());
    stream.take(moving(0.2F, 0));
    const double path = stream.history.row(1).path[kMouth].x;
    CHECK_FALSE(stream.history.add(2 * kPeriod, 3, {}, moving(0.2F, 0)));
    CHECK_FALSE(stream.history.add(kPeriod, 3, {}, moving(0.2F, 0)));
    CHECK(stream.history.size() == 2);
    stream.take(moving(0, 0));
    CHECK(std::abs(stream.history.row(2).path[kMouth].x - path) < 1e-9);
}

TEST_CASE("a motion that begins after it ends leaves no row") {
    PathHistory history(layout(), kSecond, kHumps);
    CHECK_FALSE(history.add(kPeriod, 0, 2 * kPeriod, still()));
    CHECK(history.size() == 0);
    CHECK_THROWS_AS(history.add(-1, 0, {}, still()), OptionError);
}

TEST_CASE("the noise of a face that trembles is its deviation") {
    Stream stream;
    stream.tremble(250, 0.2F);
    // A uniform one's deviation, in one direction of the mouth's only landmark; speed is the
    // difference of means over two frames each.
    const double deviation = 0.2 / std::sqrt(3) * share_taken(1);
    CHECK(stream.history.noise()[kMouth].x > 0.8 * deviation);
    CHECK(stream.history.noise()[kMouth].x < 1.3 * deviation);
    CHECK(stream.history.noise()[kBrow].x < 0.8 * stream.history.noise()[kMouth].x);
}

TEST_CASE("noise that grows is noticed at once, noise that falls is remembered longer") {
    Stream stream;
    stream.rest(150);
    CHECK(stream.history.noise()[kMouth].y == kLeastNoise);
    stream.tremble(35, 0.3F);
    CHECK(stream.history.noise()[kMouth].y > 0.05);
    stream.tremble(65, 0.3F);
    // Most of the last three seconds were restless, until they no longer are.
    stream.rest(45);
    CHECK(stream.history.noise()[kMouth].y > 0.05);
    stream.rest(50);
    CHECK(stream.history.noise()[kMouth].y == kLeastNoise);
    // What was usual is not forgotten so soon, but has little say.
    CHECK(stream.history.wary_noise()[kMouth].y > 1.2 * kLeastNoise);
    CHECK(stream.history.wary_noise()[kMouth].y < 1.6 * kLeastNoise);
    stream.rest(2500);
    CHECK(stream.history.wary_noise()[kMouth].y < 1.05 * kLeastNoise);
}

TEST_CASE("a few quiet seconds of a noisy camera do not make it quiet") {
    Stream stream;
    CHECK(stream.history.wary_noise()[kMouth].x == kFirstNoise);
    stream.tremble(750, 0.3F);
    const double usual = stream.history.wary_noise()[kMouth].x;
    stream.tremble(160, 0.15F);
    const double now = stream.history.noise()[kMouth].x;
    CHECK(now < 0.8 * usual);
    CHECK(stream.history.wary_noise()[kMouth].x > 1.2 * now);
    stream.history.restart();
    stream.tremble(40, 0.15F);
    CHECK(stream.history.wary_noise()[kMouth].x > 1.2 * stream.history.noise()[kMouth].x);
}

TEST_CASE("movement is told from noise, and where it is evidence alone") {
    Stream stream;
    stream.rest(100);
    CHECK_FALSE(stream.history.moves(0.1, 5));
    LandmarkMotion mouth = still();
    move(mouth, 48, 0, 0.1F);
    for (int i = 0; i < 5; ++i) stream.take(mouth);
    CHECK(stream.history.moves(0.1, 5));
    CHECK_FALSE(stream.history.moves(1, 5));
    CHECK_FALSE(stream.history.moves(0.1, 50));
    stream.rest(100);
    for (int i = 0; i < 5; ++i) stream.take(lids(0.1F));
    CHECK_FALSE(stream.history.moves(0.1, 5));
}

TEST_CASE("eyes that are not found again are a blink, for as long as one may last") {
    Stream stream;
    stream.rest(50);
    CHECK_FALSE(stream.blinks());
    for (int i = 0; i < 35; ++i) {
        stream.take(hidden_eyes());
        CHECK(stream.blinks());
    }
    CHECK(stream.history.trusted() == std::vector<char>{0, 1, 1, 1});
    stream.take(hidden_eyes());
    CHECK_FALSE(stream.blinks());
}

TEST_CASE("eyes that look elsewhere are no blink") {
    Stream stream;
    stream.rest(50);
    stream.take(hidden_eyes(0.4F));
    CHECK_FALSE(stream.blinks());
}

TEST_CASE("lids that close fast are a blink, together with a head that moves they are not") {
    Stream stream;
    stream.rest(50);
    stream.take(lids(1));
    CHECK(stream.blinks());
    CHECK(stream.history.trusted()[kBrow] == 0);
    Stream other;
    other.rest(50);
    LandmarkMotion motion = lids(1);
    move(motion, 48, 2, 0);
    other.take(motion);
    CHECK_FALSE(other.blinks());
}

TEST_CASE("nothing is learned of noise during a blink") {
    Stream stream;
    stream.rest(50);
    const std::size_t before = stream.history.size();
    stream.take(hidden_eyes());
    stream.history.learn_noise();
    CHECK(stream.history.row(before - 1).still);
    CHECK_FALSE(stream.history.row(before).still);
}

TEST_CASE("a restart forgets the paths and keeps the noise") {
    Stream stream;
    stream.tremble(150, 0.3F);
    const double noise = stream.history.noise()[kMouth].x;
    CHECK(noise > 0.1);
    stream.history.restart();
    CHECK(stream.history.size() == 0);
    CHECK(stream.history.span_ns() == 0);
    CHECK(stream.history.noise()[kMouth].x == noise);
    stream.frame = 0;
    stream.take(still());
    CHECK(stream.history.row(0).path[kMouth].x == 0);
    CHECK(stream.history.noise()[kMouth].x == noise);
}

TEST_CASE("motion that is no number leaves noise, speed and what moves as they are") {
    Stream stream;
    stream.rest(100);
    for (int i = 0; i < 200; ++i) {
        LandmarkMotion broken = still();
        for (std::size_t k = 0; k < broken.vectors.size(); ++k) {
            const auto spoilt = stream.random() % 4;
            if (spoilt == 0) broken.vectors[k] = kNan;
            if (spoilt == 1) broken.vectors[k] = kInfinity;
            if (spoilt == 2) broken.deviation[k] = kNan;
        }
        stream.take(broken);
        stream.history.learn_noise();
    }
    for (const Step& noise : stream.history.noise()) {
        CHECK(noise.x == kLeastNoise);
        CHECK(noise.y == kLeastNoise);
    }
    CHECK_FALSE(stream.history.moves(0, 0));
    LandmarkMotion mouth = still();
    move(mouth, 48, 0, 0.1F);
    for (int i = 0; i < 5; ++i) stream.take(mouth);
    CHECK(stream.history.moves(0.1, 5));
}

TEST_CASE("eyes whose confidence is no number are not found") {
    Stream stream;
    stream.rest(50);
    LandmarkMotion broken = still();
    broken.confidence.fill(kNan);
    stream.take(broken);
    CHECK(stream.blinks());
    broken.confidence.fill(kInfinity);
    stream.take(broken);
    stream.take(still());
    CHECK_FALSE(stream.blinks());
}

TEST_CASE("a hump of the paths is told, and none after a restart") {
    Stream stream;
    stream.rest(150);
    const std::int64_t onset_ns = stream.frame * kPeriod;
    std::optional<FoundHump> found;
    const auto take = [&](float x) {
        stream.take(moving(x, 0));
        if (stream.history.hump()) found = stream.history.hump();
    };
    for (int i = 0; i < 10; ++i) take(0.06F);
    for (int i = 0; i < 10; ++i) take(-0.06F);
    for (int i = 0; i < 20; ++i) take(0);
    REQUIRE(found);
    CHECK(std::abs(found->apex_ns - onset_ns - 10 * kPeriod) <= 30'000'000);
    CHECK(found->peak[kMouth].x > 0.4 * 0.6 * share_taken(1));
    stream.history.restart();
    CHECK_FALSE(stream.history.hump());
}

}  // namespace
}  // namespace mol_edge
