#include "mol_edge/five_points.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <cstddef>
#include <limits>

namespace mol_edge {
namespace {

/// How far below the eyes the tip of a frontal nose is, in parts of the way to the mouth: the mean
/// over 18 faces of four photographs.
constexpr double kNoseHeight = 0.56;

/// A point of the plane; of a turned head, the eyes lie along the real axis.
using Number = std::complex<double>;

Number at(FivePoints points, std::size_t i) {
    return {points[i].x, points[i].y};
}

/// Middle of the points, and how far they lie around it.
struct Spread {
    double x, y, size;
};

Spread spread_of(FivePoints points) {
    double x = 0, y = 0;
    for (const Point& point : points) {
        x += point.x;
        y += point.y;
    }
    x /= static_cast<double>(points.size());
    y /= static_cast<double>(points.size());
    double squares = 0;
    for (const Point& point : points) {
        squares += (point.x - x) * (point.x - x) + (point.y - y) * (point.y - y);
    }
    return {x, y, std::sqrt(squares)};
}

}  // namespace

double eye_distance(FivePoints points) {
    const Number eyes = at(points, 1) - at(points, 0);
    const Number along = at(points, 3) + at(points, 4) - at(points, 0) - at(points, 1);
    return std::max(std::abs(eyes), std::abs(along) / 2);
}

double head_turn(FivePoints points) {
    const Number eyes = (at(points, 0) + at(points, 1)) / 2.0;
    const Number mouth = (at(points, 3) + at(points, 4)) / 2.0;
    const double across = std::abs(at(points, 1) - at(points, 0));
    if (across == 0) return std::numeric_limits<double>::infinity();
    const double size = std::max(across, std::abs(mouth - eyes));
    return std::abs(at(points, 2) - (eyes + kNoseHeight * (mouth - eyes))) / size;
}

double farthest_way(const Transform& transform, FivePoints from, FivePoints to) {
    double farthest = 0;
    for (std::size_t i = 0; i < from.size(); ++i) {
        const double x = to[i].x - from[i].x, y = to[i].y - from[i].y;
        const double way =
            std::hypot(transform.xx * x + transform.xy * y, transform.yx * x + transform.yy * y);
        farthest = std::max(farthest, way);
    }
    return farthest;
}

Box carried_box(const Box& box, FivePoints from, FivePoints to) {
    const Spread before = spread_of(from), after = spread_of(to);
    const double growth = after.size / before.size;
    return {after.x + growth * (box[0] - before.x), after.y + growth * (box[1] - before.y),
            growth * box[2], growth * box[3]};
}

}  // namespace mol_edge
