#pragma once

#include <span>

namespace mol_edge {

/// Side of the aligned face in pixels.
inline constexpr int kAlignedSize = 144;
/// Side of the middle part of the aligned face, which the network sees.
inline constexpr int kCropSize = 128;
/// Where the crop starts in the aligned face, along both axes.
inline constexpr int kCropOffset = 8;

/// A position in pixels, x right and y down; pixel centres lie on whole numbers.
struct Point {
    double x = 0;
    double y = 0;
};

/// An affine map: x' = xx * x + xy * y + x0 and y' = yx * x + yy * y + y0.
struct Transform {
    double xx = 1, xy = 0, x0 = 0;
    double yx = 0, yy = 1, y0 = 0;
};

/// Where `transform` takes `point`.
Point apply(const Transform& transform, Point point);

/// The map that undoes `transform`. Throws ArrayError where there is none.
Transform invert(const Transform& transform);

/// Map of image pixels to pixels of the 144 x 144 aligned face.
///
/// `points`: eye at the image's left, other eye, nose tip, mouth corner at the image's left, other
/// corner. The eyes become level, and the points' bounding box, widened 2.5 times along its longer
/// side, fills the face. Throws ArrayError for points that are not finite and for eyes in one
/// place.
Transform alignment_transform(std::span<const Point, 5> points);

/// Takes points of the crop, x0 y0 x1 y1 …, to the image. `to_aligned` maps image to aligned face;
/// `out` is as long as `points` and may be the same memory.
void points_to_image(std::span<const float> points, const Transform& to_aligned,
                     std::span<float> out);

/// Takes motion in crop pixels, all x then all y, to image pixels. `to_aligned` maps image to
/// aligned face; `out` is as long as `vectors` and may be the same memory.
void vectors_to_image(std::span<const float> vectors, const Transform& to_aligned,
                      std::span<float> out);

}  // namespace mol_edge
