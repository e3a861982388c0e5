#pragma once

#include "mol_edge/hump.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace mol_edge {

/// Levels before and after a movement are means over so long, milliseconds.
inline constexpr double kLevelMs = 150;

/// A range of rows.
struct RowRange {
    std::size_t first = 0, end = 0;
    bool empty() const { return first >= end; }
};

/// The smoothed paths of a window, and lines, energies and courses of displacements along them.
/// Displacements are flat: the cells of the first row, of the next and so on.
class WindowPaths {
  public:
    /// Both spans must outlive it. Times count from `began_ns`.
    WindowPaths(const PathRows& rows, std::int64_t began_ns, std::span<const Step> noise,
                std::size_t evidence);

    const std::vector<double>& times() const { return times_; }
    std::size_t cells() const { return rows_.cells; }
    double now() const { return times_.back(); }
    double period() const;

    /// The rows from one time to another, both included; one has to come first.
    RowRange between(double from, double to) const;
    std::size_t nearest(double time) const;
    Steps mean(RowRange range) const;

    /// Displacements from a place.
    Steps away(const Steps& from) const;
    /// Displacements from the line from the mean before the onset to the mean after the offset.
    Steps above_line(double onset, double offset) const;

    /// Squared deviations of a row of displacements, summed.
    double energy(std::span<const Step> row) const;
    std::span<const Step> row_of(const Steps& moved, std::size_t row) const;
    /// The row of a range where displacements are strongest.
    std::size_t strongest(const Steps& moved, RowRange range) const;
    /// Displacements in parts of a pattern, a number a row.
    std::vector<double> along(const Steps& moved, std::span<const Step> pattern) const;

  private:
    void smooth();
    const Step* path(std::size_t row) const { return &paths_[row * rows_.cells]; }
    Steps away(const Steps& from, const Steps& way, double onset, double offset) const;

    PathRows rows_;
    std::span<const Step> noise_;
    std::size_t evidence_;
    std::vector<double> times_;
    Steps paths_;
};

}  // namespace mol_edge
