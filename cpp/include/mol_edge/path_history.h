#pragma once

#include "mol_edge/blink_leak.h"
#include "mol_edge/hump_bank.h"
#include "mol_edge/motion_stream.h"
#include "mol_edge/path_row.h"
#include "mol_edge/steps.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace mol_edge {

/// The cells of a face: which landmarks each one is the mean of, and what they stand for.
struct CellLayout {
    std::vector<std::vector<std::size_t>> members;
    /// The first cells are evidence of an expression, the first of these are the brows.
    std::size_t evidence = 0, brows = 0;
    std::vector<std::size_t> upper_lids, lower_lids;
};

/// Follows the cells through a stream of motions.
///
/// A motion may span several frames, so the path of each patch is taken from where it was when the
/// motion begins; those of the last second are kept.
class CellPaths {
  public:
    /// Throws ArrayError for a layout of landmarks or cells that are not there.
    explicit CellPaths(CellLayout layout);

    /// Begins where the cells are at this time. Throws OptionError for one below 0.
    void start(std::int64_t timestamp_ns);

    /// Takes the motion that ends at this time, from where `since_ns` says or from the frame
    /// before; false where its beginning is not known or time does not rise. A patch whose numbers
    /// are not finite is not seen.
    bool add(std::int64_t timestamp_ns, std::optional<std::int64_t> since_ns,
             const LandmarkMotion& motion);

    const Steps& path() const { return path_; }
    const std::vector<char>& seen() const { return seen_; }
    const CellLayout& layout() const { return layout_; }

  private:
    using Patches = std::array<Step, kLandmarks>;
    /// Inverse covariance of a displacement.
    struct Information {
        double xx = 0, xy = 0, yy = 0;
        double trace() const { return xx + yy; }
    };

    static Information information_of(const LandmarkMotion& motion, std::size_t patch);
    void follow(std::int64_t timestamp_ns, const Patches& patches, const LandmarkMotion& motion);

    CellLayout layout_;
    std::vector<std::pair<std::int64_t, Patches>> patches_;
    Patches last_{};
    std::array<Information, kLandmarks> weights_{};
    std::int64_t time_ns_ = 0;
    Steps path_;
    std::vector<char> seen_;
};

/// Where the cells have been in the last seconds, how fast they are and how noisy.
class PathHistory {
  public:
    /// Speed is the displacement over this time.
    static constexpr std::int64_t kLagNs = 100'000'000;

    /// Rows are kept for `keep_ns`. Throws ArrayError as CellPaths does, OptionError as HumpBank.
    PathHistory(CellLayout layout, std::int64_t keep_ns, HumpLimits limits);

    /// Forgets the paths; what was learned of noise stays.
    void restart();

    /// Takes the next frame's motion; false where it does not join what is known. Throws
    /// OptionError for a time below 0.
    bool add(std::int64_t timestamp_ns, std::int64_t index, std::optional<std::int64_t> since_ns,
             const LandmarkMotion& motion);

    /// Counts the newest row, if there is one, as one of a still face.
    void learn_noise();

    std::size_t size() const { return rows_.size(); }
    const PathRow& row(std::size_t i) const { return rows_[i]; }
    /// The paths of the rows from one on, flat. Brows go straight through blinks, unless these are
    /// known to move them little.
    Steps paths_since(std::size_t row) const;
    /// The first row at or after a time.
    std::size_t row_at(std::int64_t time_ns) const;
    /// Time from the oldest to the newest row.
    std::int64_t span_ns() const;
    /// Displacement over the last tenth of a second; nothing before the first row.
    Steps speed() const;
    /// Which cells' speed says something now.
    std::vector<char> trusted() const;
    const Steps& noise() const { return noise_; }
    /// The noise, or what was usual of late where that is more, up to half as much again.
    Steps wary_noise() const;

    /// Whether a cell that is evidence is beyond `least_px` and `factor` deviations of its noise.
    bool moves(double least_px, double factor) const;

    /// What a blink may explain of each cell's way, pixels; empty while too few were seen.
    const std::vector<double>& blink_leak() const { return leak_.px(); }

    /// A short movement that the newest row completes, by its shape; see HumpBank.
    const std::optional<FoundHump>& hump() const { return humps_.found(); }

  private:
    Step mean_path(std::size_t cell, std::size_t first, std::size_t end) const;
    Steps speed_at(std::size_t row) const;
    bool is_blink(std::size_t row, double eyes);
    /// Of the speeds in the still frames of so long; nothing where they are too few.
    std::optional<Steps> deviation(std::int64_t span_ns) const;
    void learn_usual(const Steps& found, std::int64_t passed_ns);
    void append(std::int64_t timestamp_ns, std::int64_t index);

    CellPaths cells_;
    std::int64_t keep_ns_;
    std::deque<PathRow> rows_;
    HumpBank humps_;
    BlinkLeak leak_;
    Steps noise_, usual_;
    std::int64_t learnings_ = 0;
    double eyes_ = 0;
    std::int64_t eyes_seen_ns_ = 0, learned_ns_ = 0;
};

}  // namespace mol_edge
