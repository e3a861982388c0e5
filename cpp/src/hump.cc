#include "mol_edge/hump.h"

#include "mol_edge/error.h"

#include "window_paths.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

namespace mol_edge {
namespace {

/// A movement rests where it changes by less than this share of its height over a time that is the
/// longer the slower it is.
constexpr double kResting = 0.12, kRestingMs = 80, kRestingShare = 0.2, kLongestRestMs = 250;
/// It has come back where less of it is left than this; a step goes as far below the line from its
/// beginning to its end as above it, a hump does not.
constexpr double kBack = 0.6, kDip = 0.5;
/// A tremor upon a larger movement is no movement of its own: least share of the larger's energy.
constexpr double kMain = 0.1;
/// Onset lies before the time between 30 and 70% of the rise by this share of it: between a line's
/// 0.75 and a cosine's 1.41. Offset likewise. Lower down video codecs let a movement creep back.
constexpr double kLow = 0.3, kHigh = 0.7, kFoot = 1.08;
/// How often a movement's times are found anew.
constexpr int kRounds = 2;

using Course = std::vector<double>;

double mean(std::span<const double> values) {
    double sum = 0;
    for (const double each : values) sum += each;
    return sum / static_cast<double>(values.size());
}

bool rests(std::span<const double> course) {
    const std::size_t half = course.size() / 2;
    return half > 0 && std::abs(mean(course.subspan(half)) - mean(course.first(half))) < kResting;
}

/// Whether the movement of some rows has come back and rests.
bool has_ended(const WindowPaths& paths, RowRange since, double end) {
    // Above the line from before it to now, so that a head that goes on turning is no hindrance.
    const Steps moved = paths.above_line(0, end);
    const std::size_t apex = paths.strongest(moved, since);
    const std::span<const Step> pattern = paths.row_of(moved, apex);
    const Course course = paths.along(moved, pattern);
    const auto within = std::span(course).subspan(since.first, since.end - since.first);
    if (std::ranges::min(within) <= -kDip) return false;
    const double now = paths.now();
    if (now - paths.times()[apex] <= 0.5 * kRestingMs) return false;
    const double resting_ms = std::clamp(kRestingShare * now, kRestingMs, kLongestRestMs);
    const auto tail = static_cast<std::size_t>(
        std::ranges::upper_bound(paths.times(), now - resting_ms) - paths.times().begin());
    if (!rests(std::span(course).subspan(tail))) return false;
    const Steps away = paths.away(paths.mean(paths.between(paths.times().front(), 0)));
    const Course plain = paths.along(away, pattern);
    const std::size_t farthest = paths.strongest(away, {0, plain.size()});
    return std::abs(mean(std::span(plain).subspan(tail))) < kBack &&
           paths.energy(pattern) > kMain * paths.energy(paths.row_of(away, farthest));
}

/// When a course that leaves its apex, row by row, first falls below a level; the time of its last
/// row where it never does.
double crossing(const std::vector<double>& times, const Course& course, double level,
                std::size_t apex, std::size_t last) {
    std::size_t row = apex, before = apex;
    while (row != last && course[row] >= level) {
        before = row;
        row = last > apex ? row + 1 : row - 1;
    }
    if (row == before || course[row] >= level) return times[row];
    const double share = (course[before] - level) / (course[before] - course[row]);
    return times[before] + share * (times[row] - times[before]);
}

/// When such a course reaches the ground, by its way from 70 to 30%.
double foot(const std::vector<double>& times, const Course& course, std::size_t apex,
            std::size_t last) {
    const double high = crossing(times, course, kHigh, apex, last);
    const double low = crossing(times, course, kLow, apex, last);
    const auto [least, most] = std::minmax(times[apex], times[last]);
    return std::clamp(low + kFoot * (low - high), least, most);
}

/// Sets what a movement did on its way and beside it, of the rows from its onset to its offset.
void describe(Hump& hump, const WindowPaths& paths, const PathRows& rows, std::size_t first,
              std::size_t last) {
    const std::vector<double>& times = paths.times();
    const Steps moved = paths.above_line(times[first], times[last]);
    const Course course = paths.along(moved, hump.peak);
    double low = course[first], high = low, squares = 0, all = 0;
    for (std::size_t row = 0; row < course.size(); ++row) {
        if (row <= first || row >= last) {
            low = std::min(low, course[row]);
            high = std::max(high, course[row]);
        }
        if (row < first || row > last) continue;
        squares += course[row] * course[row];
        all += paths.energy(paths.row_of(moved, row));
        hump.blinked = hump.blinked || rows.blinks[row];
    }
    hump.beside = high - low;
    hump.explained = squares * paths.energy(hump.peak) / std::max(all, 1e-12);
    const Steps before = paths.mean(paths.between(times[first] - kLevelMs, times[first]));
    const Course after = paths.along(paths.away(before), hump.peak);
    hump.step = std::abs(mean(std::span(after).subspan(last)));
}

/// The measures of a movement that has ended, above the line from before it to after it.
Hump whole(const WindowPaths& paths, const PathRows& rows, double end) {
    const std::vector<double>& times = paths.times();
    double onset = 0, offset = end;
    std::size_t apex = 0;
    Hump hump{.ended = true, .peak = Steps(paths.cells())};
    for (int round = 0; round < kRounds; ++round) {
        const RowRange within = paths.between(onset, offset);
        if (within.empty()) return {.ended = true, .peak = Steps(paths.cells())};
        const Steps moved = paths.above_line(onset, offset);
        apex = paths.strongest(moved, within);
        std::ranges::copy(paths.row_of(moved, apex), hump.peak.begin());
        const Course course = paths.along(moved, hump.peak);
        onset = foot(times, course, apex, 0);
        offset = foot(times, course, apex, times.size() - 1);
    }
    const std::size_t first = paths.nearest(onset), last = paths.nearest(offset);
    hump.onset_ns = rows.times_ns[first];
    hump.apex_ns = rows.times_ns[apex];
    hump.offset_ns = rows.times_ns[last];
    hump.onset = rows.indices[first];
    hump.apex = rows.indices[apex];
    hump.offset = rows.indices[last];
    hump.period_ms = paths.period();
    describe(hump, paths, rows, first, last);
    return hump;
}

void check(const PathRows& rows, std::span<const Step> noise, std::size_t evidence) {
    const std::size_t count = rows.times_ns.size();
    const bool fit = rows.indices.size() == count && rows.blinks.size() == count &&
                     rows.paths.size() == count * rows.cells && noise.size() == rows.cells &&
                     evidence <= rows.cells;
    if (!fit) throw ArrayError("Rows must be of as many frames, and noise of as many cells.");
    if (std::ranges::adjacent_find(rows.times_ns, std::greater_equal{}) != rows.times_ns.end()) {
        throw ArrayError("Times of rows must rise from each to the next.");
    }
}

}  // namespace

std::optional<Hump> measure_hump(const PathRows& rows, std::int64_t began_ns,
                                 std::span<const Step> noise, std::size_t evidence) {
    check(rows, noise, evidence);
    if (rows.times_ns.size() < 4) return std::nullopt;
    const WindowPaths paths(rows, began_ns, noise, evidence);
    if (paths.now() < kRestingMs || paths.times().front() > 0) return std::nullopt;
    const double end = paths.now() - 0.5 * kRestingMs;
    const RowRange since = paths.between(0, end);
    if (since.empty()) return std::nullopt;  // frames so far apart that none lies within
    return has_ended(paths, since, end) ? whole(paths, rows, end) : Hump{};
}

}  // namespace mol_edge
