#pragma once

#include "mol_edge/crop.h"
#include "mol_edge/geometry.h"

#include <cstddef>
#include <memory>
#include <span>

namespace mol_edge {

/// What is seen of the motion of one patch between two crops, in crop pixels.
///
/// `along` is the deviation of the displacement's error along `axis`, the direction in which the
/// patch is seen best, and `across` that at right angles to it; infinite where nothing is seen. Of
/// an edge only the normal is seen: `across` is infinite and (x, y) lies along `axis`.
struct PatchMotion {
    float x = 0;
    float y = 0;
    float axis_x = 1;
    float axis_y = 0;
    float along = 0;
    float across = 0;
};

/// The patches around the points of one crop, ready to be found in later ones.
///
/// Holds all that depends on the earlier crop alone, so that it is computed once however many crops
/// it is compared with.
class AnchoredPatches {
  public:
    /// `points`: x0 y0 x1 y1 …, pixels of `crop`. Throws ArrayError unless they are finite.
    AnchoredPatches(std::span<const float, kCropPixels> crop, std::span<const float> points);
    ~AnchoredPatches();
    AnchoredPatches(AnchoredPatches&&) noexcept;
    AnchoredPatches& operator=(AnchoredPatches&&) noexcept;

    std::size_t size() const;

    /// Motion of each patch to `later`, as `patch_motion` gives it.
    void find(std::span<const float, kCropPixels> later, std::span<const float> start,
              std::span<PatchMotion> out) const;

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// Motion of the patches around `points` (x0 y0 x1 y1 …, pixels of `earlier`) to `later`.
///
/// Inverse-compositional least squares on the gradients of a 13 x 13 patch (Baker and Matthews,
/// 2004), which solves for a gain and an offset of the patch's brightness as well, at half and at
/// full resolution. `start` holds a first guess per point, or nothing; without one, displacements
/// of up to about 5 pixels are found. Points beyond the crop are not seen. Throws ArrayError for
/// spans that do not fit each other.
void patch_motion(std::span<const float, kCropPixels> earlier,
                  std::span<const float, kCropPixels> later, std::span<const float> points,
                  std::span<const float> start, std::span<PatchMotion> out);

/// The similarity that best explains the motion of the patches, robustly: how the head moved.
///
/// `weights` says how far each point stands still on the head, 0 to ignore it. Patches that the
/// others contradict lose their say. Only what is seen of a patch counts. Throws ArrayError for
/// spans that do not fit each other.
Transform head_motion(std::span<const float> points, std::span<const PatchMotion> patches,
                      std::span<const float> weights);

/// Motion of the patches without that of the head, x0 y0 x1 y1 …; of an edge, along its normal.
void remove_head(std::span<const float> points, std::span<const PatchMotion> patches,
                 const Transform& head, std::span<float> out);

}  // namespace mol_edge
