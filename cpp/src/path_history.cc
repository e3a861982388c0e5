#include "mol_edge/path_history.h"

#include "path_bridge.h"

#include <algorithm>
#include <cmath>

namespace mol_edge {
namespace {

/// Speed is the displacement between means over this time.
constexpr std::int64_t kSmoothNs = 33'000'000;
constexpr double kFirstNoise = 0.05;
/// Lids hide the eyes that were found before, which gaze and shading do in part alone, or close
/// faster than anything else moves.
constexpr double kHidden = 0.3, kClosingRatio = 2.0;
constexpr std::int64_t kLongestBlinkNs = 700'000'000;
/// What blinks may move less than this, pixels, is seen through them.
constexpr double kBridgedPx = 0.9;

double largest(const Steps& steps, std::size_t count) {
    double most = 0;
    for (std::size_t i = 0; i < count; ++i) {
        most = std::max({most, std::abs(steps[i].x), std::abs(steps[i].y)});
    }
    return most;
}

}  // namespace

namespace {

std::vector<std::size_t> lids_of(const CellLayout& layout) {
    std::vector<std::size_t> lids = layout.upper_lids;
    lids.insert(lids.end(), layout.lower_lids.begin(), layout.lower_lids.end());
    return lids;
}

}  // namespace

PathHistory::PathHistory(CellLayout layout, std::int64_t keep_ns, HumpLimits limits)
    : cells_(std::move(layout)),
      keep_ns_(keep_ns),
      humps_(cells_.path().size(), cells_.layout().evidence, limits),
      leak_(lids_of(cells_.layout())),
      noise_(cells_.path().size(), Step{kFirstNoise, kFirstNoise}) {}

void PathHistory::restart() {
    rows_.clear();
    humps_.restart();
    leak_.restart();
    eyes_ = 0;
    eyes_seen_ns_ = learned_ns_ = 0;
    cells_ = CellPaths(cells_.layout());
}

std::int64_t PathHistory::span_ns() const {
    return rows_.empty() ? 0 : rows_.back().timestamp_ns - rows_.front().timestamp_ns;
}

Steps PathHistory::paths_since(std::size_t row) const {
    std::vector<std::size_t> bridged;
    for (std::size_t cell = 0; cell < cells_.layout().brows; ++cell) {
        if (leak_.px().empty() || leak_.px()[cell] >= kBridgedPx) bridged.push_back(cell);
    }
    return bridged_paths(rows_, row, bridged);
}

Steps PathHistory::speed() const {
    return rows_.empty() ? Steps{} : rows_.back().speed;
}

std::size_t PathHistory::row_at(std::int64_t time_ns) const {
    const auto found = std::ranges::lower_bound(rows_, time_ns, {}, &PathRow::timestamp_ns);
    return static_cast<std::size_t>(found - rows_.begin());
}

std::vector<char> PathHistory::trusted() const {
    std::vector<char> trusted = cells_.seen();
    if (rows_.empty()) return trusted;
    const std::int64_t from = rows_.back().timestamp_ns - kLagNs - kSmoothNs - kBesideBlinkNs;
    bool blinked = false;
    for (std::size_t i = row_at(from); i < rows_.size(); ++i) blinked = blinked || rows_[i].blink;
    if (blinked) std::fill_n(trusted.begin(), cells_.layout().brows, char{0});
    return trusted;
}

bool PathHistory::moves(double least_px, double factor) const {
    if (rows_.empty()) return false;
    const std::vector<char> clear = trusted();
    const Steps& now = rows_.back().speed;
    for (std::size_t i = 0; i < cells_.layout().evidence; ++i) {
        const double deviations = std::hypot(now[i].x / noise_[i].x, now[i].y / noise_[i].y);
        double least = least_px;
        if (clear[i] == 0) {
            // Beside a blink a brow counts by what blinks do not explain.
            if (!cells_.seen()[i] || leak_.px().empty()) continue;
            least = std::max(least, leak_.px()[i]);
        }
        if (std::hypot(now[i].x, now[i].y) > least && deviations > factor) return true;
    }
    return false;
}

bool PathHistory::add(std::int64_t timestamp_ns, std::int64_t index,
                      std::optional<std::int64_t> since_ns, const LandmarkMotion& motion) {
    if (rows_.empty()) {
        cells_.start(since_ns.value_or(timestamp_ns));
        if (!since_ns) {
            append(timestamp_ns, index);
            return true;
        }
    } else if (timestamp_ns <= rows_.back().timestamp_ns) {
        return false;
    }
    if (!cells_.add(timestamp_ns, since_ns, motion)) return false;
    append(timestamp_ns, index);
    const std::size_t last = rows_.size() - 1;
    rows_[last].speed = speed_at(last);
    rows_[last].blink = is_blink(last, eye_confidence(motion.confidence));
    leak_.add(rows_);
    return true;
}

void PathHistory::append(std::int64_t timestamp_ns, std::int64_t index) {
    while (!rows_.empty() && timestamp_ns - rows_.front().timestamp_ns > keep_ns_) {
        rows_.pop_front();
    }
    rows_.push_back(
        {timestamp_ns, index, cells_.path(), Steps(cells_.path().size()), false, false});
    humps_.add(timestamp_ns, cells_.path());
}

Step PathHistory::mean_path(std::size_t cell, std::size_t first, std::size_t end) const {
    Step sum;
    for (std::size_t i = first; i < end; ++i) {
        sum.x += rows_[i].path[cell].x;
        sum.y += rows_[i].path[cell].y;
    }
    const auto count = static_cast<double>(end - first);
    return {sum.x / count, sum.y / count};
}

Steps PathHistory::speed_at(std::size_t row) const {
    const std::int64_t now = rows_[row].timestamp_ns;
    const auto range = [this](std::int64_t until_ns) {
        const std::size_t end = std::max<std::size_t>(row_at(until_ns + 1), 1);
        return std::pair{std::min(row_at(until_ns - kSmoothNs + 1), end - 1), end};
    };
    const auto [first, end] = range(now);
    const auto [first_before, end_before] = range(now - kLagNs);
    Steps speed(cells_.path().size());
    for (std::size_t cell = 0; cell < speed.size(); ++cell) {
        const Step after = mean_path(cell, first, end);
        const Step before = mean_path(cell, first_before, end_before);
        speed[cell] = {after.x - before.x, after.y - before.y};
    }
    return speed;
}

bool PathHistory::is_blink(std::size_t row, double eyes) {
    const std::int64_t now = rows_[row].timestamp_ns;
    const bool open = eyes > kHidden * eyes_;
    if (!open && now - eyes_seen_ns_ <= kLongestBlinkNs) return true;
    eyes_seen_ns_ = now;
    eyes_ = open ? std::max(eyes, 0.9 * eyes_) : eyes;
    const Steps& path = rows_[row].path;
    const Steps& before = rows_[row_at(now - kLagNs)].path;
    const auto mean = [&](const std::vector<std::size_t>& lids) {
        double sum = 0;
        for (const std::size_t cell : lids) sum += path[cell].y - before[cell].y;
        return sum / static_cast<double>(lids.size());
    };
    const double closing =
        std::abs(mean(cells_.layout().upper_lids) - mean(cells_.layout().lower_lids));
    const double elsewhere = largest(rows_[row].speed, cells_.layout().evidence);
    return closing > std::max(kClosingPx, kClosingRatio * elsewhere);
}

}  // namespace mol_edge
