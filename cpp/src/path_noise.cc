#include "mol_edge/path_history.h"

#include <algorithm>
#include <cmath>

namespace mol_edge {
namespace {

constexpr std::int64_t kNoiseNs = 3'000'000'000;
/// Noise that grows is noticed sooner than noise that falls.
constexpr std::int64_t kRecentNs = 700'000'000;
constexpr std::int64_t kLearnEveryNs = 200'000'000;
/// Seconds of noise, at tens of looks each, are now and then quieter than the camera is: what was
/// usual over this time counts for the wary, up to this share of them.
constexpr double kUsualNs = 10e9, kMostUsual = 1.5;
constexpr double kLeastNoise = 0.012;
constexpr std::size_t kLeastStill = 8;
/// Of a normal distribution: its deviation over the median of its absolute values.
constexpr double kDeviationsOfMedian = 1.4826;

/// The median of absolute values, of an even number the upper one.
double median_of(std::vector<double>& values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

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
