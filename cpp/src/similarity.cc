#include "mol_edge/similarity.h"

#include "mol_edge/error.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace mol_edge {
namespace {

/// Points that lie farther from the fit than this many medians do not count.
constexpr double kOutlier = 2.5;
constexpr int kRounds = 3;

/// A point of the plane, for which a turn with scale is one product.
using Number = std::complex<double>;

/// Takes z to turn * z + shift.
struct Similarity {
    Number turn{1, 0}, shift{0, 0};

    Transform transform() const {
        return {turn.real(), -turn.imag(), shift.real(), turn.imag(), turn.real(), shift.imag()};
    }
};

Number at(std::span<const double> points, std::size_t i) {
    return {points[2 * i], points[2 * i + 1]};
}

Similarity fit(std::span<const double> source, std::span<const double> target,
               std::span<const bool> keep) {
    Number from, to;
    double count = 0;
    for (std::size_t i = 0; i < keep.size(); ++i) {
        if (!keep[i]) continue;
        from += at(source, i);
        to += at(target, i);
        ++count;
    }
    from /= count;
    to /= count;
    double spread = 0;
    Number product;
    for (std::size_t i = 0; i < keep.size(); ++i) {
        if (!keep[i]) continue;
        const Number centred = at(source, i) - from;
        spread += std::norm(centred);
        product += std::conj(centred) * at(target, i);
    }
    const Number turn = spread > 0 ? product / spread : Number{1, 0};
    return {turn, to - turn * from};
}

void check(std::span<const double> source, std::span<const double> target, std::size_t least) {
    if (source.size() == target.size() && source.size() >= 2 * least) return;
    throw ArrayError("source and target must hold as many points, " + std::to_string(least) +
                     " or more, got " + std::to_string(source.size() / 2) + " and " +
                     std::to_string(target.size() / 2) + ".");
}

}  // namespace

Transform fit_similarity(std::span<const double> source, std::span<const double> target) {
    check(source, target, 1);
    const auto all = std::make_unique<bool[]>(source.size() / 2);
    const std::span<bool> keep(all.get(), source.size() / 2);
    std::ranges::fill(keep, true);
    return fit(source, target, keep).transform();
}

Transform fit_robustly(std::span<const double> source, std::span<const double> target,
                       double tolerance, std::span<bool> keep) {
    check(source, target, 1);
    const std::size_t count = keep.size();
    std::ranges::fill(keep, true);
    Similarity found = fit(source, target, keep);
    std::vector<double> residual(count), ordered;
    for (int round = 0; round < kRounds; ++round) {
        for (std::size_t i = 0; i < count; ++i) {
            residual[i] = std::abs(found.turn * at(source, i) + found.shift - at(target, i));
        }
        const bool all = std::ranges::all_of(keep, [](bool each) { return each; });
        if (all && std::ranges::max(residual) <= tolerance) break;
        ordered = residual;
        const auto middle = ordered.begin() + static_cast<std::ptrdiff_t>(count / 2);
        std::nth_element(ordered.begin(), middle, ordered.end());
        const double limit = std::max(tolerance, kOutlier * *middle);
        std::size_t closer = 0, changed = 0;
        for (std::size_t i = 0; i < count; ++i) {
            closer += residual[i] <= limit;
            changed += (residual[i] <= limit) != keep[i];
        }
        if (closer < 3 || changed == 0) break;
        for (std::size_t i = 0; i < count; ++i) keep[i] = residual[i] <= limit;
        found = fit(source, target, keep);
    }
    return found.transform();
}

double scale_of(const Transform& similarity) {
    return std::hypot(similarity.xx, similarity.yx);
}

double way_of_middle(const Transform& similarity) {
    constexpr double kMiddle = (kCropSize - 1) / 2.0;
    const Point to = apply(similarity, {kMiddle, kMiddle});
    return std::hypot(to.x - kMiddle, to.y - kMiddle);
}

void transform_points(const Transform& transform, std::span<const double> points,
                      std::span<double> out) {
    for (std::size_t i = 0; i + 1 < points.size(); i += 2) {
        const Point to = apply(transform, {points[i], points[i + 1]});
        out[i] = to.x;
        out[i + 1] = to.y;
    }
}

void place_shape(std::span<const double> shape, std::span<const double> marks,
                 std::span<const double> points, const Transform& to_aligned,
                 std::span<float> out) {
    std::vector<double> in_crop(points.size());
    transform_points(to_aligned, points, in_crop);
    for (double& each : in_crop) each -= kCropOffset;
    const Transform placed = fit_similarity(marks, in_crop);
    for (std::size_t i = 0; i + 1 < shape.size(); i += 2) {
        const Point to = apply(placed, {shape[i], shape[i + 1]});
        out[i] = static_cast<float>(to.x);
        out[i + 1] = static_cast<float>(to.y);
    }
}

}  // namespace mol_edge
