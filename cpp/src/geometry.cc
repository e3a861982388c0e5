#include "mol_edge/geometry.h"

#include "mol_edge/error.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>

namespace mol_edge {
namespace {

constexpr double kBoxMargin = 2.5;

bool is_finite(const Transform& t) {
    return std::isfinite(t.xx) && std::isfinite(t.xy) && std::isfinite(t.x0) &&
           std::isfinite(t.yx) && std::isfinite(t.yy) && std::isfinite(t.y0);
}

/// The rotation about the origin that makes the vector from `from` to `to` point along x.
Transform leveling_rotation(Point from, Point to) {
    const double dx = to.x - from.x;
    const double dy = to.y - from.y;
    const double distance = std::hypot(dx, dy);
    if (!(distance > 1e-6) || !std::isfinite(distance)) {
        throw ArrayError(
            "points must hold two eyes that are apart, got both in one place: drop this "
            "detection.");
    }
    const double cosine = dx / distance;
    const double sine = dy / distance;
    return {cosine, sine, 0, -sine, cosine, 0};
}

void check_lengths(std::span<const float> in, std::span<float> out) {
    if (in.size() % 2 != 0 || in.size() != out.size()) {
        throw ArrayError(
            "coordinates must be pairs of x and y with an output of the same length, got " +
            std::to_string(in.size()) + " for " + std::to_string(out.size()) + ".");
    }
}

}  // namespace

Point apply(const Transform& t, Point p) {
    return {t.xx * p.x + t.xy * p.y + t.x0, t.yx * p.x + t.yy * p.y + t.y0};
}

Transform invert(const Transform& t) {
    const double determinant = t.xx * t.yy - t.xy * t.yx;
    const double size = std::abs(t.xx * t.yy) + std::abs(t.xy * t.yx);
    const double factor = 1 / determinant;
    const Transform inverse{t.yy * factor,  -t.xy * factor, (t.xy * t.y0 - t.yy * t.x0) * factor,
                            -t.yx * factor, t.xx * factor,  (t.yx * t.x0 - t.xx * t.y0) * factor};
    if (!is_finite(t) || !(std::abs(determinant) > 1e-12 * size) || !is_finite(inverse)) {
        throw ArrayError(
            "transform must be finite and invertible, got one that is not: take it from "
            "alignment_transform.");
    }
    return inverse;
}

Transform alignment_transform(std::span<const Point, 5> points) {
    for (const Point& point : points) {
        if (!std::isfinite(point.x) || !std::isfinite(point.y)) {
            throw ArrayError("points must be finite, got NaN or infinity: drop this detection.");
        }
    }
    const Transform rotation = leveling_rotation(points[0], points[1]);
    Point low = apply(rotation, points[0]);
    Point high = low;
    for (const Point& point : points) {
        const Point level = apply(rotation, point);
        low = {std::min(low.x, level.x), std::min(low.y, level.y)};
        high = {std::max(high.x, level.x), std::max(high.y, level.y)};
    }
    const double half = 0.5 * kBoxMargin * std::max(high.x - low.x, high.y - low.y);
    const double scale = (kAlignedSize - 1) / (2 * half);
    const Point corner{0.5 * (low.x + high.x) - half, 0.5 * (low.y + high.y) - half};
    return {scale * rotation.xx, scale * rotation.xy, -scale * corner.x,
            scale * rotation.yx, scale * rotation.yy, -scale * corner.y};
}

void points_to_image(std::span<const float> points, const Transform& to_aligned,
                     std::span<float> out) {
    check_lengths(points, out);
    const Transform to_image = invert(to_aligned);
    for (std::size_t i = 0; i < points.size(); i += 2) {
        const Point image =
            apply(to_image, {double{points[i]} + kCropOffset, double{points[i + 1]} + kCropOffset});
        out[i] = static_cast<float>(image.x);
        out[i + 1] = static_cast<float>(image.y);
    }
}

void vectors_to_image(std::span<const float> vectors, const Transform& to_aligned,
                      std::span<float> out) {
    check_lengths(vectors, out);
    const Transform to_image = invert(to_aligned);
    const auto xx = static_cast<float>(to_image.xx), xy = static_cast<float>(to_image.xy);
    const auto yx = static_cast<float>(to_image.yx), yy = static_cast<float>(to_image.yy);
    const std::size_t count = vectors.size() / 2;
    for (std::size_t i = 0; i < count; ++i) {
        const float x = vectors[i];
        const float y = vectors[count + i];
        out[i] = xx * x + xy * y;
        out[count + i] = yx * x + yy * y;
    }
}

}  // namespace mol_edge
