#pragma once

#include "mol_edge/crop.h"
#include "mol_edge/geometry.h"
#include "mol_edge/motion.h"

#include <cstddef>
#include <span>
#include <vector>

namespace mol_edge {

/// Where a head has gone, and how many of its patches say so.
struct HeadPlace {
    Transform motion;
    std::size_t agreeing = 0;
};

/// A head that is followed by the patches around some of its points, from one crop.
class HeadPatches {
  public:
    /// `points`: x0 y0 x1 y1 …, pixels of `crop`. Throws ArrayError unless they are finite.
    HeadPatches(std::span<const float, kCropPixels> crop, std::span<const float> points);

    /// The head in `later`, looked for around where `guess` takes it, about 5 pixels either way.
    HeadPlace find(std::span<const float, kCropPixels> later, const Transform& guess) const;

    std::size_t size() const { return patches_.size(); }

  private:
    std::vector<float> points_;
    AnchoredPatches patches_;
};

}  // namespace mol_edge
