#include "window_paths.h"

#include <algorithm>
#include <cmath>

namespace mol_edge {
namespace {

constexpr double kSmoothMs = 34;

}  // namespace

WindowPaths::WindowPaths(const PathRows& rows, std::int64_t began_ns, std::span<const Step> noise,
                         std::size_t evidence)
    : rows_(rows), noise_(noise), evidence_(evidence) {
    for (const std::int64_t each : rows.times_ns) {
        times_.push_back(static_cast<double>(each - began_ns) / 1e6);
    }
    if (times_.size() > 1) smooth();
}

double WindowPaths::period() const {
    return (now() - times_.front()) / static_cast<double>(times_.size() - 1);
}

RowRange WindowPaths::between(double from, double to) const {
    const auto first = std::ranges::lower_bound(times_, from);
    const auto end = std::ranges::upper_bound(times_, to);
    return {static_cast<std::size_t>(first - times_.begin()),
            static_cast<std::size_t>(end - times_.begin())};
}

std::size_t WindowPaths::nearest(double time) const {
    const auto from = [time](double each) { return std::abs(each - time); };
    return static_cast<std::size_t>(std::ranges::min_element(times_, {}, from) - times_.begin());
}

/// Means over about `kSmoothMs`, centred.
void WindowPaths::smooth() {
    // Frames that are nearer to each other than any camera's do not make it longer than the window.
    const auto reach = static_cast<std::ptrdiff_t>(
        std::min(kSmoothMs / period() / 2, static_cast<double>(times_.size())));
    const auto last = static_cast<std::ptrdiff_t>(times_.size()) - 1;
    const auto at = [&](std::ptrdiff_t row) {
        return &rows_.paths[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(row, 0, last)) *
                            cells()];
    };
    const auto count = static_cast<double>(2 * reach + 1);
    Steps sums(cells());
    for (std::ptrdiff_t row = -reach; row <= reach; ++row) {
        for (std::size_t cell = 0; cell < cells(); ++cell) {
            sums[cell].x += at(row)[cell].x;
            sums[cell].y += at(row)[cell].y;
        }
    }
    paths_.reserve(rows_.paths.size());
    for (std::ptrdiff_t row = 0; row <= last; ++row) {
        const Step *next = at(row + reach + 1), *gone = at(row - reach);
        for (std::size_t cell = 0; cell < cells(); ++cell) {
            paths_.push_back({sums[cell].x / count, sums[cell].y / count});
            sums[cell].x += next[cell].x - gone[cell].x;
            sums[cell].y += next[cell].y - gone[cell].y;
        }
    }
}

Steps WindowPaths::mean(RowRange range) const {
    Steps sum(cells());
    const auto count = static_cast<double>(range.end - range.first);
    for (std::size_t row = range.first; row < range.end; ++row) {
        for (std::size_t cell = 0; cell < sum.size(); ++cell) {
            sum[cell].x += path(row)[cell].x / count;
            sum[cell].y += path(row)[cell].y / count;
        }
    }
    return sum;
}

Steps WindowPaths::away(const Steps& from) const {
    return away(from, Steps(cells()), 0, 0);
}

/// From a place that goes a way between two times.
Steps WindowPaths::away(const Steps& from, const Steps& way, double onset, double offset) const {
    Steps moved;
    moved.reserve(paths_.size());
    for (std::size_t row = 0; row < times_.size(); ++row) {
        const double passed = (times_[row] - onset) / std::max(offset - onset, 1.0);
        const double share = std::clamp(passed, 0.0, 1.0);
        for (std::size_t cell = 0; cell < from.size(); ++cell) {
            moved.push_back({path(row)[cell].x - from[cell].x - share * way[cell].x,
                             path(row)[cell].y - from[cell].y - share * way[cell].y});
        }
    }
    return moved;
}

Steps WindowPaths::above_line(double onset, double offset) const {
    const RowRange before = between(onset - kLevelMs, onset);
    const RowRange after = between(offset, offset + kLevelMs);
    const std::size_t last = times_.size() - 1;
    const Steps from = mean(before.empty() ? RowRange{0, 1} : before);
    Steps way = mean(after.empty() ? RowRange{last, last + 1} : after);
    for (std::size_t cell = 0; cell < way.size(); ++cell) {
        way[cell] = {way[cell].x - from[cell].x, way[cell].y - from[cell].y};
    }
    return away(from, way, onset, offset);
}

double WindowPaths::energy(std::span<const Step> row) const {
    double sum = 0;
    for (std::size_t i = 0; i < evidence_; ++i) {
        const double x = row[i].x / noise_[i].x, y = row[i].y / noise_[i].y;
        sum += x * x + y * y;
    }
    return sum;
}

std::span<const Step> WindowPaths::row_of(const Steps& moved, std::size_t row) const {
    return std::span(moved).subspan(row * cells(), cells());
}

std::size_t WindowPaths::strongest(const Steps& moved, RowRange range) const {
    std::size_t best = range.first;
    double most = -1;
    for (std::size_t row = range.first; row < range.end; ++row) {
        const double now = energy(row_of(moved, row));
        if (now > most) {
            most = now;
            best = row;
        }
    }
    return best;
}

std::vector<double> WindowPaths::along(const Steps& moved, std::span<const Step> pattern) const {
    Steps weighted;
    for (std::size_t i = 0; i < evidence_; ++i) {
        weighted.push_back({pattern[i].x / (noise_[i].x * noise_[i].x),
                            pattern[i].y / (noise_[i].y * noise_[i].y)});
    }
    const double size = std::max(energy(pattern), 1e-12);
    std::vector<double> course;
    course.reserve(times_.size());
    for (std::size_t row = 0; row < times_.size(); ++row) {
        const std::span<const Step> now = row_of(moved, row);
        double sum = 0;
        for (std::size_t i = 0; i < evidence_; ++i) {
            sum += now[i].x * weighted[i].x + now[i].y * weighted[i].y;
        }
        course.push_back(sum / size);
    }
    return course;
}

}  // namespace mol_edge
