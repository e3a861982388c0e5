#pragma once

#include "mol_edge/geometry.h"

#include <array>
#include <span>

namespace mol_edge {

/// A face's alignment points, as alignment_transform takes them.
using FivePoints = std::span<const Point, 5>;

/// Left, top, width and height in pixels.
using Box = std::array<double, 4>;

/// Distance of the eyes, or of eyes and mouth where that is longer: a turned head's.
double eye_distance(FivePoints points);

/// How far the tip of the nose lies from its place in a frontal face, in parts of the eyes'
/// distance; infinite for eyes in one place.
double head_turn(FivePoints points);

/// The farthest way of a point from one face to another, as `transform` shows it.
double farthest_way(const Transform& transform, FivePoints from, FivePoints to);

/// A box that moves and grows with the points in it.
Box carried_box(const Box& box, FivePoints from, FivePoints to);

}  // namespace mol_edge
