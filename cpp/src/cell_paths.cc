#include "mol_edge/error.h"
#include "mol_edge/path_history.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace mol_edge {
namespace {

constexpr std::int64_t kKeptNs = 1'000'000'000;
constexpr double kWeightsNs = 500e6;
/// Deviations in pixels: what no patch is better than, above which one stays where it was, above
/// which a cell says nothing, and that of the steps of a cell of which nothing is seen.
constexpr double kFloor = 0.05, kLost = 0.6, kVague = 0.3, kStep = 0.3;

constexpr double inverse_square(double deviation) {
    return 1 / (deviation * deviation);
}

/// Whether a patch's numbers tell of a motion: one NaN would spoil its path for good.
bool is_told(const LandmarkMotion& motion, std::size_t patch) {
    const auto both = [patch](const LandmarkPoints& values, auto fits) {
        return fits(values[2 * patch]) && fits(values[2 * patch + 1]);
    };
    return both(motion.vectors, [](float v) { return std::isfinite(v); }) &&
           both(motion.axes, [](float v) { return std::abs(v) < 1.01F; }) &&
           both(motion.deviation, [](float v) { return v >= 0; });
}

/// `layout`, if it names landmarks and cells that there are.
CellLayout checked(CellLayout layout) {
    const auto all_below = [](const std::vector<std::size_t>& names, std::size_t limit) {
        return std::ranges::all_of(names, [limit](std::size_t name) { return name < limit; });
    };
    const std::size_t cells = layout.members.size();
    const auto are_lids = [&](const std::vector<std::size_t>& lids) {
        return !lids.empty() && all_below(lids, cells);
    };
    const bool known = std::ranges::all_of(
        layout.members, [&](const auto& cell) { return all_below(cell, kLandmarks); });
    if (known && layout.evidence <= cells && layout.brows <= cells && are_lids(layout.upper_lids) &&
        are_lids(layout.lower_lids)) {
        return layout;
    }
    throw ArrayError("members must name landmarks of 0 to 67 and the other arguments cells.");
}

}  // namespace

CellPaths::CellPaths(CellLayout layout)
    : layout_(checked(std::move(layout))),
      path_(layout_.members.size()),
      seen_(layout_.members.size()) {}

void CellPaths::start(std::int64_t timestamp_ns) {
    if (timestamp_ns < 0) {
        throw OptionError("Timestamps must be 0 or more nanoseconds, got " +
                          std::to_string(timestamp_ns) + ".");
    }
    patches_.assign(1, {timestamp_ns, Patches{}});
    time_ns_ = timestamp_ns;
}

bool CellPaths::add(std::int64_t timestamp_ns, std::optional<std::int64_t> since_ns,
                    const LandmarkMotion& motion) {
    const std::int64_t since = since_ns.value_or(time_ns_);
    const auto known = std::ranges::find(patches_, since, &decltype(patches_)::value_type::first);
    if (known == patches_.end() || timestamp_ns <= time_ns_) return false;
    Patches patches = known->second;
    for (std::size_t i = 0; i < kLandmarks; ++i) {
        if (!is_told(motion, i)) continue;
        patches[i].x += motion.vectors[2 * i];
        patches[i].y += motion.vectors[2 * i + 1];
    }
    patches_.emplace_back(timestamp_ns, patches);
    const std::int64_t oldest = timestamp_ns - kKeptNs;
    std::size_t old = 0;
    while (patches_.size() - old > 2 && patches_[old].first < oldest) ++old;
    patches_.erase(patches_.begin(), patches_.begin() + static_cast<std::ptrdiff_t>(old));
    follow(timestamp_ns, patches, motion);
    return true;
}

CellPaths::Information CellPaths::information_of(const LandmarkMotion& motion, std::size_t patch) {
    if (!is_told(motion, patch)) return {};
    const auto of = [](double deviation) { return 1 / (deviation * deviation + kFloor * kFloor); };
    const double along = of(motion.deviation[2 * patch]);
    const double across = of(motion.deviation[2 * patch + 1]);
    const double x = motion.axes[2 * patch], y = motion.axes[2 * patch + 1];
    return {along * x * x + across * y * y, (along - across) * x * y,
            along * y * y + across * x * x};
}

void CellPaths::follow(std::int64_t timestamp_ns, const Patches& patches,
                       const LandmarkMotion& motion) {
    std::array<Information, kLandmarks> now;
    std::array<Step, kLandmarks> steps;
    const bool first =
        std::ranges::all_of(weights_, [](const Information& each) { return each.trace() == 0; });
    // Weights that changed with every frame would let the mean wander.
    const double passed = static_cast<double>(timestamp_ns - time_ns_) / kWeightsNs;
    const double share = first ? 1.0 : std::min(1.0, passed);
    for (std::size_t i = 0; i < kLandmarks; ++i) {
        now[i] = information_of(motion, i);
        weights_[i].xx += share * (now[i].xx - weights_[i].xx);
        weights_[i].xy += share * (now[i].xy - weights_[i].xy);
        weights_[i].yy += share * (now[i].yy - weights_[i].yy);
        const Step held = now[i].trace() > inverse_square(kLost) ? patches[i] : last_[i];
        steps[i] = {held.x - last_[i].x, held.y - last_[i].y};
        last_[i] = held;
    }
    for (std::size_t cell = 0; cell < path_.size(); ++cell) {
        // What is hardly seen hardly counts.
        double xx = inverse_square(kStep), xy = 0, yy = inverse_square(kStep), x = 0, y = 0;
        double trace = 0;
        for (const std::size_t i : layout_.members[cell]) {
            const Information& w = weights_[i];
            xx += w.xx;
            xy += w.xy;
            yy += w.yy;
            x += w.xx * steps[i].x + w.xy * steps[i].y;
            y += w.xy * steps[i].x + w.yy * steps[i].y;
            trace += now[i].trace();
        }
        const double determinant = xx * yy - xy * xy;
        path_[cell].x += (yy * x - xy * y) / determinant;
        path_[cell].y += (xx * y - xy * x) / determinant;
        seen_[cell] = trace > inverse_square(kVague);
    }
    time_ns_ = timestamp_ns;
}

}  // namespace mol_edge
