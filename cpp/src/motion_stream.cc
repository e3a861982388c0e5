#include "mol_edge/motion_stream.h"

#include "mol_edge/error.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace mol_edge {
namespace {

/// Landmarks of the newest frame against those known so far: a network's jitter averages out.
constexpr float kLandmarkShare = 0.1F;
/// A patch less sure than this starts its search where the head has taken it, nowhere else.
constexpr float kSure = 0.3F;
/// How far a patch may get from its landmark before it is put back, in pixels.
constexpr float kAstray = 3.0F;
/// Patches only shift; a head that has turned or moved further needs a newer anchor.
constexpr double kAnchorReach = 2.0;
constexpr float kStill = 0.25F;
constexpr double kPatience = 2.0;
/// No anchor is taken while the eyes look unlike those of the last one, which is during a blink,
/// unless they do so for longer than any blink.
constexpr float kOpenEyes = 0.4F;
constexpr std::int64_t kLongestBlinkNs = 700'000'000;
/// A little more than the span, so that jitter of the timestamps does not cost a whole frame.
constexpr double kSpanSlack = 1.05;
constexpr std::size_t kEyesFrom = 36, kEyes = 12, kEyeRank = 6;

/// What `transform` adds to a point.
Point shift_of(const Transform& transform, double x, double y) {
    return {(transform.xx - 1) * x + transform.xy * y + transform.x0,
            transform.yx * x + (transform.yy - 1) * y + transform.y0};
}

/// First `inner`, then `outer`.
Transform compose(const Transform& outer, const Transform& inner) {
    const Point origin = apply(outer, {inner.x0, inner.y0});
    return {outer.xx * inner.xx + outer.xy * inner.yx,
            outer.xx * inner.xy + outer.xy * inner.yy,
            origin.x,
            outer.yx * inner.xx + outer.yy * inner.yx,
            outer.yx * inner.xy + outer.yy * inner.yy,
            origin.y};
}

}  // namespace

float eye_confidence(const LandmarkValues& confidence) {
    std::array<float, kEyes> eyes;
    // An order needs numbers: what is none is not found again.
    const auto known = [](float value) { return value > 0 ? std::min(value, 1.0F) : 0.0F; };
    std::transform(confidence.begin() + kEyesFrom, confidence.begin() + kEyesFrom + kEyes,
                   eyes.begin(), known);
    std::nth_element(eyes.begin(), eyes.begin() + kEyeRank, eyes.end());
    return eyes[kEyeRank];
}

LandmarkMotion without_head(const LandmarkPoints& points,
                            std::span<const PatchMotion, kLandmarks> patches,
                            const LandmarkValues& weights, float trusted_px) {
    LandmarkMotion motion;
    motion.head = head_motion(points, patches, weights);
    remove_head(points, patches, motion.head, motion.vectors);
    for (std::size_t i = 0; i < kLandmarks; ++i) {
        const PatchMotion& patch = patches[i];
        const float x = motion.vectors[2 * i], y = motion.vectors[2 * i + 1];
        const float error = patch.along / trusted_px;
        motion.strength[i] = std::sqrt(x * x + y * y);
        motion.confidence[i] = 1 / (1 + error * error);
        motion.axes[2 * i] = patch.axis_x;
        motion.axes[2 * i + 1] = patch.axis_y;
        motion.deviation[2 * i] = patch.along;
        motion.deviation[2 * i + 1] = patch.across;
    }
    return motion;
}

MotionStream::MotionStream(MotionStreamOptions options) : options_(std::move(options)) {
    const auto known = [](std::size_t landmark) { return landmark < kLandmarks; };
    for (const auto& region : options_.regions) {
        if (!std::ranges::all_of(region, known)) {
            throw ArrayError("regions must name landmarks of 0 to 67.");
        }
    }
}

std::vector<float> MotionStream::strongest(const LandmarkMotion& motion) const {
    std::vector<float> strongest;
    for (const auto& region : options_.regions) {
        float most = 0;
        for (const std::size_t i : region) {
            most = std::max(most, motion.strength[i] * motion.confidence[i]);
        }
        strongest.push_back(most);
    }
    return strongest;
}

void MotionStream::restart() {
    landmarks_.reset();
    anchor_.reset();
    guessed_ = false;
    eyes_seen_ns_ = 0;
    places_.clear();
}

std::optional<LandmarkMotion> MotionStream::push(std::int64_t timestamp_ns,
                                                 std::span<const float, kCropPixels> crop,
                                                 std::span<const float, 2 * kLandmarks> landmarks) {
    if (!places_.empty() && timestamp_ns <= places_.back().timestamp_ns) restart();
    average(landmarks);
    if (!anchor_) {
        const Place start{timestamp_ns, {}, {}};
        set_anchor(start, crop, false);
        places_.push_back(start);
        return std::nullopt;
    }
    const LandmarkMotion motion = since_anchor(crop);
    const Place place = place_of(timestamp_ns, motion);
    const LandmarkMotion told = report(place, motion);
    if (anchor_is_old(timestamp_ns, motion, told)) set_anchor(place, crop, true);
    return told;
}

void MotionStream::realign(std::span<const float, kCropPixels> crop, const Transform& change) {
    if (places_.empty() || !landmarks_) return;
    LandmarkPoints& points = *landmarks_;
    for (std::size_t i = 0; i < kLandmarks; ++i) {
        const Point to = apply(change, {points[2 * i], points[2 * i + 1]});
        points[2 * i] = static_cast<float>(to.x);
        points[2 * i + 1] = static_cast<float>(to.y);
    }
    set_anchor(places_.back(), crop, false);
}

void MotionStream::average(std::span<const float, 2 * kLandmarks> landmarks) {
    const auto finite = [](float value) { return std::isfinite(value); };
    if (!std::all_of(landmarks.begin(), landmarks.end(), finite)) {
        throw ArrayError("landmarks must be finite, got NaN or infinity: drop this frame.");
    }
    if (!landmarks_) {
        std::copy(landmarks.begin(), landmarks.end(), landmarks_.emplace().begin());
        return;
    }
    for (std::size_t i = 0; i < landmarks.size(); ++i) {
        float& known = (*landmarks_)[i];
        known += kLandmarkShare * (landmarks[i] - known);
    }
}

void MotionStream::set_anchor(const Place& place, std::span<const float, kCropPixels> crop,
                              bool keep_skin) {
    LandmarkPoints points = *landmarks_;
    if (keep_skin && anchor_ && guessed_) {
        // Patches go on with the skin they are on; another piece of it has other errors.
        for (std::size_t i = 0; i < points.size(); i += 2) {
            const float x = anchor_->points[i] + guess_[i];
            const float y = anchor_->points[i + 1] + guess_[i + 1];
            const float off = std::max(std::abs(x - points[i]), std::abs(y - points[i + 1]));
            if (!(off < kAstray)) continue;
            points[i] = x;
            points[i + 1] = y;
        }
    }
    anchor_.emplace(Anchor{AnchoredPatches(crop, points), points, place});
    guessed_ = false;
}

LandmarkMotion MotionStream::since_anchor(std::span<const float, kCropPixels> crop) {
    std::array<PatchMotion, kLandmarks> patches;
    const std::span<const float> start =
        guessed_ ? std::span<const float>(guess_) : std::span<const float>{};
    anchor_->patches.find(crop, start, patches);
    const LandmarkPoints& points = anchor_->points;
    LandmarkMotion motion = without_head(points, patches, options_.weights, options_.trusted_px);
    for (std::size_t i = 0; i < kLandmarks; ++i) {
        const Point head = shift_of(motion.head, points[2 * i], points[2 * i + 1]);
        const bool sure = motion.confidence[i] > kSure;
        guess_[2 * i] = static_cast<float>(head.x + (sure ? motion.vectors[2 * i] : 0.0F));
        guess_[2 * i + 1] = static_cast<float>(head.y + (sure ? motion.vectors[2 * i + 1] : 0.0F));
    }
    guessed_ = true;
    return motion;
}

MotionStream::Place MotionStream::place_of(std::int64_t timestamp_ns,
                                           const LandmarkMotion& motion) const {
    Place place{timestamp_ns, places_.back().path, compose(motion.head, anchor_->place.head)};
    for (std::size_t i = 0; i < place.path.size(); ++i) {
        // What is not seen at all stays where it was.
        if (!std::isfinite(motion.deviation[i & ~std::size_t{1}])) continue;
        place.path[i] = anchor_->place.path[i] + motion.vectors[i];
    }
    return place;
}

LandmarkMotion MotionStream::report(const Place& place, const LandmarkMotion& motion) {
    places_.push_back(place);
    const double oldest = static_cast<double>(place.timestamp_ns) -
                          kSpanSlack * static_cast<double>(options_.span_ns);
    while (static_cast<double>(places_.front().timestamp_ns) < oldest && places_.size() > 2) {
        places_.pop_front();
    }
    const Place& before = places_.front();
    LandmarkMotion told = motion;
    for (std::size_t i = 0; i < place.path.size(); ++i)
        told.vectors[i] = place.path[i] - before.path[i];
    for (std::size_t i = 0; i < kLandmarks; ++i) {
        told.strength[i] = std::hypot(told.vectors[2 * i], told.vectors[2 * i + 1]);
    }
    told.head = compose(place.head, invert(before.head));
    told.since_ns = before.timestamp_ns;
    return told;
}

bool MotionStream::anchor_is_old(std::int64_t timestamp_ns, const LandmarkMotion& motion,
                                 const LandmarkMotion& told) {
    if (eye_confidence(motion.confidence) > kOpenEyes) {
        eyes_seen_ns_ = timestamp_ns;
    } else if (timestamp_ns - eyes_seen_ns_ < kLongestBlinkNs) {
        return false;
    } else {
        eyes_seen_ns_ = timestamp_ns;
        return true;
    }
    double moved = 0;
    float strongest = 0;
    for (std::size_t i = 0; i < kLandmarks; ++i) {
        const auto [x, y] =
            shift_of(motion.head, anchor_->points[2 * i], anchor_->points[2 * i + 1]);
        moved = std::max({moved, std::abs(x), std::abs(y)});
        strongest = std::max(strongest, told.strength[i] * told.confidence[i]);
    }
    const double age = static_cast<double>(timestamp_ns - anchor_->place.timestamp_ns) /
                       static_cast<double>(options_.anchor_ns);
    // Better between two movements than in one, if that can wait.
    const double patience = strongest < kStill ? 1.0 : kPatience;
    return moved > patience * kAnchorReach || age >= patience;
}

}  // namespace mol_edge
