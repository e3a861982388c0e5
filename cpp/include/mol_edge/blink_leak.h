#pragma once

#include "mol_edge/path_row.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace mol_edge {

/// Lids that close go farther than this, pixels.
inline constexpr double kClosingPx = 0.6;
/// Blinks of a face differ by up to this factor.
inline constexpr double kBlinksDiffer = 3;

/// How far blinks seem to move each cell, learned from those of a track.
///
/// Patches beside the lids see them, and the fit of the head errs while they close; how far depends
/// on the face and its picture, and is much the same from blink to blink. The median of some blinks
/// tells it, so that one with which something else moved hardly counts.
class BlinkLeak {
  public:
    /// `lids`: their cells. What moves none of them, such as glasses that shine, teaches nothing.
    explicit BlinkLeak(std::vector<std::size_t> lids) : lids_(std::move(lids)) {}

    /// Forgets the blink under way; what was learned stays.
    void restart() { closed_.reset(); }

    /// Takes the newest of some rows, which reach back to before any blink.
    void add(const std::deque<PathRow>& rows);

    /// What a blink may explain of each cell's way, pixels; empty while too few are known.
    const std::vector<double>& px() const { return px_; }

  private:
    void learn(const std::deque<PathRow>& rows, std::int64_t from_ns, std::int64_t until_ns);

    std::vector<std::size_t> lids_;
    /// The first and the last time at which the lids were seen to be closed, until that is learned.
    std::optional<std::pair<std::int64_t, std::int64_t>> closed_;
    /// How far each cell went in the last blinks.
    std::deque<std::vector<double>> ways_;
    std::vector<double> px_;
};

}  // namespace mol_edge
