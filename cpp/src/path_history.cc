#include "mol_edge/path_history.h"

#include <algorithm>
#include <cmath>

namespace mol_edge {
namespace {

/// Speed is the displacement over this time, between means over the shorter one.
constexpr std::int64_t kLagNs = 100'000'000, kSmoothNs = 33'000'000;
constexpr std::int64_t kNoiseNs = 3'000'000'000;
/// Noise that grows is noticed sooner than noise that falls.
constexpr std::int64_t kRecentNs = 700'000'000;
constexpr std::int64_t kLearnEveryNs = 200'000'000;
/// Seconds of noise, at tens of looks each, are now and then quieter than the camera is: what was
/// usual over this time counts for the wary, up to this share of them.
constexpr double kUsualNs = 10e9, kMostUsual = 1.5;
constexpr double kLeastNoise = 0.012, kFirstNoise = 0.05;
constexpr std::size_t kLeastStill = 8;
/// Of a normal distribution: its deviation over the median of its absolute values.
constexpr double kDeviationsOfMedian = 1.4826;
/// Lids hide the eyes that were found before, which gaze and shading do in part alone, or close
/// faster than anything else moves.
constexpr double kHidden = 0.3, kClosing = 0.6, kClosingRatio = 2.0;
/// What lies beside a blink in time is spoilt by it as well.
constexpr std::int64_t kBesideBlinkNs = 40'000'000, kLongestBlinkNs = 700'000'000;

/// The median of absolute values, of an even number the upper one.
double median_of(std::vector<double>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

double largest(const Steps& steps, std::size_t count) {
    double most = 0;
    for (std::size_t i = 0; i < count; ++i) {
        most = std::max({most, std::abs(steps[i].x), std::abs(steps[i].y)});
    }
    return most;
}

}  // namespace

PathHistory::PathHistory(CellLayout layout, std::int64_t keep_ns, HumpLimits limits)
    : cells_(std::move(layout)),
      keep_ns_(keep_ns),
      humps_(cells_.path().size(), cells_.layout().evidence, limits),
      noise_(cells_.path().size(), Step{kFirstNoise, kFirstNoise}) {}

void PathHistory::restart() {
    rows_.clear();
    humps_.restart();
    eyes_ = 0;
    eyes_seen_ns_ = learned_ns_ = 0;
    cells_ = CellPaths(cells_.layout());
}

std::int64_t PathHistory::span_ns() const {
    return rows_.empty() ? 0 : rows_.back().timestamp_ns - rows_.front().timestamp_ns;
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
        const bool far = std::hypot(now[i].x, now[i].y) > least_px;
        if (clear[i] != 0 && far && deviations > factor) return true;
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
    return closing > std::max(kClosing, kClosingRatio * elsewhere);
}

void PathHistory::learn_noise() {
    if (rows_.empty()) return;
    PathRow& last = rows_.back();
    last.still = !last.blink;
    const std::int64_t passed_ns = last.timestamp_ns - learned_ns_;
    if (passed_ns < kLearnEveryNs) return;
    learned_ns_ = last.timestamp_ns;
    const std::optional<Steps> longer = deviation(kNoiseNs);
    if (!longer) return;
    const Steps shorter = deviation(kRecentNs).value_or(*longer);
    learn_usual(*longer, passed_ns);
    for (std::size_t i = 0; i < noise_.size(); ++i) {
        const Step now = (*longer)[i];
        noise_[i] = {std::max(now.x, shorter[i].x), std::max(now.y, shorter[i].y)};
    }
}

Steps PathHistory::wary_noise() const {
    if (usual_.empty()) return noise_;
    Steps wary = noise_;
    for (std::size_t i = 0; i < wary.size(); ++i) {
        wary[i].x = std::max(wary[i].x, std::min(usual_[i].x, kMostUsual * wary[i].x));
        wary[i].y = std::max(wary[i].y, std::min(usual_[i].y, kMostUsual * wary[i].y));
    }
    return wary;
}

void PathHistory::learn_usual(const Steps& found, std::int64_t passed_ns) {
    if (usual_.empty()) usual_ = found;
    // A plain mean at first, later one that forgets; what was found speaks for its own time alone,
    // also after a restart, from which nothing tells how long ago the last was.
    const double spoken_ns = static_cast<double>(std::min(passed_ns, kNoiseNs));
    const double share = std::max(spoken_ns / kUsualNs, 1.0 / static_cast<double>(++learnings_));
    for (std::size_t i = 0; i < found.size(); ++i) {
        usual_[i].x += share * (found[i].x - usual_[i].x);
        usual_[i].y += share * (found[i].y - usual_[i].y);
    }
}

std::optional<Steps> PathHistory::deviation(std::int64_t span_ns) const {
    const std::int64_t now = rows_.back().timestamp_ns, oldest = rows_.front().timestamp_ns;
    const std::size_t from = row_at(std::max(now - span_ns, oldest + kLagNs));
    Steps found(noise_.size());
    std::vector<double> x, y;
    for (std::size_t cell = 0; cell < found.size(); ++cell) {
        x.clear();
        y.clear();
        for (std::size_t i = from; i < rows_.size(); ++i) {
            if (!rows_[i].still) continue;
            x.push_back(std::abs(rows_[i].speed[cell].x));
            y.push_back(std::abs(rows_[i].speed[cell].y));
        }
        if (x.size() < kLeastStill) return std::nullopt;
        found[cell] = {std::max(kDeviationsOfMedian * median_of(x), kLeastNoise),
                       std::max(kDeviationsOfMedian * median_of(y), kLeastNoise)};
    }
    return found;
}

}  // namespace mol_edge
