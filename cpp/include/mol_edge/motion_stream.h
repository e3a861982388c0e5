#pragma once

#include "mol_edge/motion.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <vector>

namespace mol_edge {

inline constexpr std::size_t kLandmarks = 68;
using LandmarkPoints = std::array<float, 2 * kLandmarks>;
using LandmarkValues = std::array<float, kLandmarks>;

/// How the motion of landmarks is followed.
struct MotionStreamOptions {
    /// How far each landmark stands still on the head, 0 to ignore it.
    LandmarkValues weights{};
    /// Deviation of a patch's error at which its confidence is one half, pixels.
    float trusted_px = 0.1F;
    std::int64_t span_ns = 100'000'000;
    std::int64_t anchor_ns = 2'000'000'000;
    /// The landmarks of each part of the face, 0 to 67.
    std::vector<std::vector<std::size_t>> regions;
};

/// Motion of the landmarks from an earlier crop to a later one, without that of the head.
struct LandmarkMotion {
    LandmarkPoints vectors{};
    LandmarkValues strength{}, confidence{};
    Transform head;
    /// Per patch the direction that is seen best, and the deviation along and across it.
    LandmarkPoints axes{}, deviation{};
    std::int64_t since_ns = 0;
};

/// Follows the landmarks' patches of one face through a stream of crops.
///
/// The patches of one crop, the anchor, are found in each later crop until a newer one becomes the
/// anchor. The errors of an anchor cancel between what was found in it and what is found from it,
/// so that a chain of anchors does not drift. Of the crops only the anchor's patches are kept.
class MotionStream {
  public:
    /// Throws ArrayError for a region of landmarks that are not there.
    explicit MotionStream(MotionStreamOptions options);

    /// Forgets what came before: another segment, face or alignment begins.
    void restart();

    /// Takes the next crop and its landmarks; motion over the last `span_ns`, or as much of it as
    /// there is, and nothing for the first crop. Time that does not rise starts anew. Throws
    /// ArrayError for landmarks that are not finite.
    std::optional<LandmarkMotion> push(std::int64_t timestamp_ns,
                                       std::span<const float, kCropPixels> crop,
                                       std::span<const float, 2 * kLandmarks> landmarks);

    /// Of each region the strongest patch's strength, weighted by confidence.
    std::vector<float> strongest(const LandmarkMotion& motion) const;

    /// Goes on in another alignment: `crop` is the one pushed last as the new alignment cuts it,
    /// `change` takes pixels of the old crop to those of the new one.
    void realign(std::span<const float, kCropPixels> crop, const Transform& change);

  private:
    /// Where the patches are at one time: each one's path without the head's, and the head.
    struct Place {
        std::int64_t timestamp_ns = 0;
        LandmarkPoints path{};
        Transform head;
    };

    /// The crop whose patches are followed.
    struct Anchor {
        AnchoredPatches patches;
        LandmarkPoints points;
        Place place;
    };

    void average(std::span<const float, 2 * kLandmarks> landmarks);
    void set_anchor(const Place& place, std::span<const float, kCropPixels> crop, bool keep_skin);
    LandmarkMotion since_anchor(std::span<const float, kCropPixels> crop);
    Place place_of(std::int64_t timestamp_ns, const LandmarkMotion& motion) const;
    LandmarkMotion report(const Place& place, const LandmarkMotion& motion);
    bool anchor_is_old(std::int64_t timestamp_ns, const LandmarkMotion& motion,
                       const LandmarkMotion& report);

    MotionStreamOptions options_;
    std::optional<LandmarkPoints> landmarks_;
    std::optional<Anchor> anchor_;
    LandmarkPoints guess_{};
    bool guessed_ = false;
    std::int64_t eyes_seen_ns_ = 0;
    std::deque<Place> places_;
};

/// How well the eyes are found again, 0 to 1: of their twelve landmarks the seventh worst.
float eye_confidence(const LandmarkValues& confidence);

/// Motion of the patches around `points` apart from the head's, from what was seen of them.
LandmarkMotion without_head(const LandmarkPoints& points,
                            std::span<const PatchMotion, kLandmarks> patches,
                            const LandmarkValues& weights, float trusted_px);

}  // namespace mol_edge
