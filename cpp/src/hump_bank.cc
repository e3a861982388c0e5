#include "mol_edge/hump_bank.h"

#include "mol_edge/error.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

namespace mol_edge {
namespace {

/// Paths are read at these times, whatever the camera's rate.
constexpr std::int64_t kStepNs = 10'000'000;
/// Between frames further apart nothing is known of a path.
constexpr std::int64_t kLongestGapNs = 500'000'000;
/// Half of each duration, in steps: 140 to 440 ms.
constexpr std::array<std::size_t, 5> kHalves = {7, 10, 13, 17, 22};
/// A filter reaches beyond its hump by the first, rest is asked for over the second.
constexpr std::size_t kPad = 12, kSide = 20;
/// Filters look every so many steps; they remember ten seconds and need one and a half.
constexpr std::size_t kEvery = 4, kRemembered = 250, kLeastLooks = 38, kRing = 262;
/// Noise is that of the last four; these are now and then quieter than the camera is, so that of
/// all counts where it is more, up to this share.
constexpr std::size_t kRecent = 100;
constexpr double kMostUsual = 1.1;
/// Noise is what this share of the looks stays below, in deviations of a normal distribution.
constexpr double kQuantile = 0.75, kDeviations = 1.1503, kLeastNoise = 0.012;
/// Least share of the path's energy that a hump explains, apart from a line.
constexpr double kExplained = 0.7;
/// Shares of the height: what may be left after it, and how much may go on beside it.
constexpr double kLeft = 0.4, kRestless = 0.6;

static_assert(kPad <= kSide);
static_assert(kRing >= kRemembered + (kHalves.back() + kPad) / kEvery + 1);

double length(Step step) {
    return std::hypot(step.x, step.y);
}

/// The place among so many looks, in their order, of the one that noise is.
std::size_t rank_of(std::size_t count) {
    return static_cast<std::size_t>(kQuantile * static_cast<double>(count - 1));
}

double along(Step step, Step direction) {
    return (step.x * direction.x + step.y * direction.y) / length(direction);
}

}  // namespace

HumpBank::HumpBank(std::size_t cells, std::size_t evidence, HumpLimits limits)
    : cells_(cells), evidence_(evidence), limits_(limits), grid_(kGrid * cells) {
    if (evidence > cells) throw OptionError("Evidence must be among the cells.");
    if (!(limits.least_px > 0) || !(limits.factor > 0)) {
        throw OptionError("Limits of humps must be above 0.");
    }
    for (const std::size_t half : kHalves) filters_.push_back(filter_of(half, evidence));
}

HumpBank::Filter HumpBank::filter_of(std::size_t half, std::size_t evidence) {
    static_assert(2 * (kHalves.back() + kSide) < kGrid);
    Filter filter{.half = half, .weights = {}, .energy = 0, .said = {}, .looks = 0};
    const auto reach = static_cast<int>(half + kPad), inside = static_cast<int>(half);
    std::vector<double> hump;
    double mean = 0;
    for (int i = -reach; i <= reach; ++i) {
        const double phase = std::numbers::pi * i / inside;
        hump.push_back(std::abs(i) <= inside ? 0.5 + 0.5 * std::cos(phase) : 0.0);
        mean += hump.back() / (2 * reach + 1);
    }
    for (double& each : hump) {
        each -= mean;
        filter.energy += each * each;
    }
    for (const double each : hump) {
        filter.weights.push_back(static_cast<float>(each / filter.energy));
    }
    filter.said.resize(2 * evidence * kRing);
    return filter;
}

void HumpBank::restart() {
    count_ = 0;
    found_.reset();
}

/// Keeps where the cells are at the next step: between the last path and this one, at a share.
void HumpBank::keep(const Steps& path, double share) {
    Place* into = &grid_[(count_ % kGrid) * cells_];
    for (std::size_t cell = 0; cell < cells_; ++cell) {
        const Step before = last_[cell], after = path[cell];
        into[cell] = {static_cast<float>(before.x + share * (after.x - before.x)),
                      static_cast<float>(before.y + share * (after.y - before.y))};
    }
    ++count_;
}

void HumpBank::add(std::int64_t timestamp_ns, const Steps& path) {
    found_.reset();
    if (count_ > 0 && (timestamp_ns <= last_ns_ || timestamp_ns - last_ns_ > kLongestGapNs)) {
        restart();
    }
    if (count_ == 0) {
        first_ns_ = timestamp_ns;
        last_ = path;
        keep(path, 1);
    }
    for (;;) {
        const std::int64_t passed_ns = static_cast<std::int64_t>(count_) * kStepNs;
        if (passed_ns > timestamp_ns - first_ns_) break;
        keep(path, static_cast<double>(passed_ns - (last_ns_ - first_ns_)) /
                       static_cast<double>(timestamp_ns - last_ns_));
        if (count_ % kEvery == 0) look();
    }
    last_ = path;
    last_ns_ = timestamp_ns;
}

void HumpBank::look() {
    for (Filter& filter : filters_) look(filter);
}

void HumpBank::look(Filter& filter) {
    const std::size_t reach = filter.half + kSide;
    if (count_ < 2 * reach + 1) return;
    const std::size_t center = count_ - 1 - reach;
    const Steps responses = heights(filter, center, evidence_);
    double farthest = 0;
    for (const Step& each : responses) farthest = std::max(farthest, length(each));
    if (!learn(filter, responses) || farthest < limits_.least_px) return;
    double most = 0;
    std::size_t clearest = 0;
    for (std::size_t cell = 0; cell < evidence_; ++cell) {
        const Step each = responses[cell];
        if (length(each) <= limits_.least_px || !may_be_clear(filter, cell, each)) continue;
        const Step noise = noise_of(filter, cell);
        const double deviations = std::hypot(each.x / noise.x, each.y / noise.y);
        if (deviations > most) {
            most = deviations;
            clearest = cell;
        }
    }
    if (most < limits_.factor) return;
    const double share = explained(filter, center, clearest, responses[clearest]);
    const double clearness = most * share * share;
    if (share < kExplained || (found_ && clearness <= found_->clearness)) return;
    if (!rests_beside(filter, center, clearest, responses[clearest])) return;
    const auto half_ns = static_cast<std::int64_t>(filter.half) * kStepNs;
    const std::int64_t apex_ns = first_ns_ + static_cast<std::int64_t>(center) * kStepNs;
    found_ = {apex_ns - half_ns, apex_ns,  apex_ns + half_ns,
              clearness,         clearest, heights(filter, center, cells_),
              Steps(evidence_)};
    for (std::size_t cell = 0; cell < evidence_; ++cell) {
        found_->noise[cell] = noise_of(filter, cell);
    }
}

/// What a filter says of the first cells.
Steps HumpBank::heights(const Filter& filter, std::size_t center, std::size_t cells) const {
    const std::size_t first = center - filter.half - kPad;
    std::vector<Place> sums(cells);
    for (std::size_t i = 0; i < filter.weights.size(); ++i) {
        const float weight = filter.weights[i];
        const Place* path = row(first + i);
        for (std::size_t cell = 0; cell < cells; ++cell) {
            sums[cell].x += weight * path[cell].x;
            sums[cell].y += weight * path[cell].y;
        }
    }
    Steps heights;
    for (const Place& sum : sums) heights.push_back({sum.x, sum.y});
    return heights;
}

/// How many looks of a filter lie before its reach.
std::size_t HumpBank::looks_before(const Filter& filter) {
    return filter.looks - (filter.half + kPad) / kEvery;
}

/// The size of a component of what a filter said at one of its looks.
float HumpBank::said(const Filter& filter, std::size_t look, std::size_t row) const {
    return filter.said[(look % kRing) * 2 * evidence_ + row];
}

/// Remembers responses; false while there are too few of them from before the filter's reach.
bool HumpBank::learn(Filter& filter, const Steps& responses) const {
    float* into = &filter.said[(filter.looks % kRing) * 2 * evidence_];
    for (const Step& each : responses) {
        *into++ = static_cast<float>(std::abs(each.x));
        *into++ = static_cast<float>(std::abs(each.y));
    }
    ++filter.looks;
    return filter.looks >= kLeastLooks + (filter.half + kPad) / kEvery;
}

/// Whether a height may be beyond the limit in deviations of noise: counting what was said tells
/// sooner than ordering it, and while a whole face moves most cells are not.
bool HumpBank::may_be_clear(const Filter& filter, std::size_t cell, Step height) const {
    // Beyond the limit together, one of two components is beyond its part of it.
    const double part = (1 - 1e-9) * limits_.factor / std::numbers::sqrt2;
    const std::size_t end = looks_before(filter), count = std::min(end, kRecent);
    const auto may_be = [&](std::size_t row, double size) {
        const double most = size / part;
        if (most < kLeastNoise) return false;
        std::size_t below = 0;
        for (std::size_t i = end - count; i < end; ++i) {
            below += said(filter, i, row) <= kDeviations * most ? 1 : 0;
        }
        return below > rank_of(count);
    };
    return may_be(2 * cell, std::abs(height.x)) || may_be(2 * cell + 1, std::abs(height.y));
}

Step HumpBank::noise_of(const Filter& filter, std::size_t cell) const {
    const std::size_t end = looks_before(filter);
    std::array<float, kRemembered> values{};
    const auto deviation = [&](std::size_t row, std::size_t most) {
        const std::size_t count = std::min(end, most);
        for (std::size_t i = 0; i < count; ++i) {
            values[i] = said(filter, end - count + i, row);
        }
        const auto at = values.begin() + static_cast<std::ptrdiff_t>(rank_of(count));
        std::nth_element(values.begin(), at, values.begin() + static_cast<std::ptrdiff_t>(count));
        return static_cast<double>(*at) / kDeviations;
    };
    const auto wary = [&](std::size_t row) {
        const double recent = std::max(deviation(row, kRecent), kLeastNoise);
        return std::clamp(deviation(row, kRemembered), recent, kMostUsual * recent);
    };
    return {wary(2 * cell), wary(2 * cell + 1)};
}

/// The share of a cell's path along a direction, apart from a line, that a hump explains.
double HumpBank::explained(const Filter& filter, std::size_t center, std::size_t cell,
                           Step height) const {
    const std::size_t reach = filter.half + kPad, first = center - reach;
    const auto count = static_cast<double>(2 * reach + 1);
    double sum = 0, squares = 0, leaning = 0, places = 0;
    for (std::size_t i = 0; i <= 2 * reach; ++i) {
        const double value = along({row(first + i)[cell].x, row(first + i)[cell].y}, height);
        const double place = static_cast<double>(i) - static_cast<double>(reach);
        sum += value;
        squares += value * value;
        leaning += place * value;
        places += place * place;
    }
    const double whole = squares - sum * sum / count - leaning * leaning / places;
    const double size = length(height);
    return whole > 0 ? size * size * filter.energy / whole : 0;
}

/// Whether a cell is back after a hump, and does not go on before and after it.
bool HumpBank::rests_beside(const Filter& filter, std::size_t center, std::size_t cell,
                            Step height) const {
    const auto side = [&](std::size_t from) {
        double low = along({row(from)[cell].x, row(from)[cell].y}, height), high = low, total = 0;
        for (std::size_t i = 0; i < kSide; ++i) {
            const double value = along({row(from + i)[cell].x, row(from + i)[cell].y}, height);
            low = std::min(low, value);
            high = std::max(high, value);
            total += value;
        }
        return std::array{total / kSide, high - low};
    };
    const double size = length(height);
    const auto [before, way_before] = side(center - filter.half - kSide);
    const auto [after, way_after] = side(center + filter.half + 1);
    return std::abs(after - before) <= kLeft * size &&
           std::max(way_before, way_after) <= kRestless * size;
}

}  // namespace mol_edge
