#include "mol_edge/blink_leak.h"

#include "path_bridge.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace mol_edge {
namespace {

/// How long the rests before and after a blink are, from which its way is measured, and how many
/// frames each needs.
constexpr std::int64_t kRestNs = 100'000'000;
constexpr std::size_t kLeastRest = 2;
/// So many blinks have to be known, and so many are remembered.
constexpr std::size_t kLeastBlinks = 2, kMostBlinks = 8;
/// What blinks move less than this, pixels, is noise.
constexpr double kLeastPx = 0.1;

/// The mean path of some rows; nothing of too few.
std::optional<Steps> mean_path(const std::deque<PathRow>& rows, std::int64_t from_ns,
                               std::int64_t until_ns) {
    Steps sum;
    std::size_t count = 0;
    for (const PathRow& row : rows) {
        if (row.timestamp_ns < from_ns || row.timestamp_ns >= until_ns) continue;
        sum.resize(row.path.size());
        for (std::size_t cell = 0; cell < sum.size(); ++cell) {
            sum[cell].x += row.path[cell].x;
            sum[cell].y += row.path[cell].y;
        }
        ++count;
    }
    if (count < kLeastRest) return std::nullopt;
    for (Step& each : sum) {
        each.x /= static_cast<double>(count);
        each.y /= static_cast<double>(count);
    }
    return sum;
}

}  // namespace

void BlinkLeak::add(const std::deque<PathRow>& rows) {
    const PathRow& now = rows.back();
    if (now.blink) {
        closed_ = {closed_ ? closed_->first : now.timestamp_ns, now.timestamp_ns};
    } else if (closed_ && now.timestamp_ns - closed_->second > kBesideBlinkNs + kRestNs) {
        learn(rows, closed_->first, closed_->second);
        closed_.reset();
    }
}

void BlinkLeak::learn(const std::deque<PathRow>& rows, std::int64_t from_ns,
                      std::int64_t until_ns) {
    const std::int64_t first_ns = from_ns - kBesideBlinkNs, end_ns = until_ns + kBesideBlinkNs + 1;
    const auto before = mean_path(rows, first_ns - kRestNs, first_ns);
    const auto after = mean_path(rows, end_ns, rows.back().timestamp_ns + 1);
    if (!before || !after) return;
    std::vector<double> ways(before->size());
    const auto span = static_cast<double>(std::max<std::int64_t>(until_ns - from_ns, 1));
    for (const PathRow& row : rows) {
        if (row.timestamp_ns < first_ns || row.timestamp_ns >= end_ns) continue;
        const double share =
            std::clamp(static_cast<double>(row.timestamp_ns - from_ns) / span, 0.0, 1.0);
        for (std::size_t cell = 0; cell < ways.size(); ++cell) {
            const Step &here = row.path[cell], &from = (*before)[cell], &to = (*after)[cell];
            const double x = here.x - from.x - share * (to.x - from.x);
            const double y = here.y - from.y - share * (to.y - from.y);
            ways[cell] = std::max(ways[cell], std::hypot(x, y));
        }
    }
    const auto closes = [&](std::size_t lid) { return ways[lid] >= kClosingPx; };
    if (std::ranges::none_of(lids_, closes)) return;
    ways_.push_back(std::move(ways));
    if (ways_.size() > kMostBlinks) ways_.pop_front();
    if (ways_.size() < kLeastBlinks) return;
    px_.resize(ways_.back().size());
    std::vector<double> values(ways_.size());
    for (std::size_t cell = 0; cell < px_.size(); ++cell) {
        std::ranges::transform(ways_, values.begin(),
                               [cell](const auto& way) { return way[cell]; });
        const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
        std::ranges::nth_element(values, middle);
        px_[cell] = kBlinksDiffer * std::max(*middle, kLeastPx);
    }
}

}  // namespace mol_edge
