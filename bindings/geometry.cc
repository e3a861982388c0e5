#include "mol_edge/geometry.h"

#include "arrays.h"
#include "gil.h"
#include "register.h"

#include <pybind11/numpy.h>

#include <array>
#include <cstddef>

namespace py = pybind11;

namespace mol_edge::bindings {
namespace {

py::array_t<double> align(const ArrayArgument<double>& points) {
    const py::array array = contiguous(points, {"points", {5, 2}, "(5, 2)"});
    const auto values = elements<double>(array);
    std::array<Point, 5> five;
    for (std::size_t i = 0; i < five.size(); ++i) five[i] = {values[2 * i], values[2 * i + 1]};
    return to_array(alignment_transform(five));
}

py::array_t<double> inverse(const ArrayArgument<double>& transform) {
    return to_array(invert(transform_of(transform)));
}

py::array_t<float> points_in_image(const ArrayArgument<float>& points,
                                   const ArrayArgument<double>& transform) {
    const py::array array = contiguous(points, {"points", {kAny, 2}, "(N, 2)"});
    const Transform to_aligned = transform_of(transform);
    auto out = like<float>(array);
    const auto from = elements<float>(array);
    const auto to = elements(out);
    {
        const WithoutGil unlocked;
        points_to_image(from, to_aligned, to);
    }
    return out;
}

py::array_t<float> vectors_in_image(const ArrayArgument<float>& flow,
                                    const ArrayArgument<double>& transform) {
    const py::array array = contiguous(flow, {"flow", {2, kAny, kAny}, "(2, height, width)"});
    const Transform to_aligned = transform_of(transform);
    auto out = like<float>(array);
    const auto from = elements<float>(array);
    const auto to = elements(out);
    {
        const WithoutGil unlocked;
        vectors_to_image(from, to_aligned, to);
    }
    return out;
}

constexpr const char* kAlignDoc = R"(Map of image pixels to pixels of the 144 x 144 aligned face.

The eyes become level; the middle of the five points' bounding box becomes the middle of the face,
and 2.5 times the box's longer side its width.

Args:
    points: float64 [5, 2], image pixels: eye at the image's left, other eye, nose tip, mouth
        corner at the image's left, other corner.

Returns:
    float64 [2, 3].

Raises:
    ArrayError: wrong type or shape, points that are not finite, or both eyes in one place.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> points = np.array([[40.0, 50], [60, 50], [50, 60], [42, 70], [58, 70]])
    >>> _core.alignment_transform(points).round(2)
    array([[   2.86,    0.  ,  -71.5 ],
           [  -0.  ,    2.86, -100.1 ]])
)";

constexpr const char* kInvertDoc = R"(The map that undoes `transform`.

Args:
    transform: float64 [2, 3].

Returns:
    float64 [2, 3].

Raises:
    ArrayError: wrong type or shape, or a transform that has no inverse.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> _core.invert_transform(np.array([[2.0, 0, 10], [0, 2, 20]]))
    array([[  0.5,  -0. ,  -5. ],
           [ -0. ,   0.5, -10. ]])
)";

constexpr const char* kPointsDoc = R"(Points of the crop in image pixels.

Args:
    points: float32 [N, 2], pixels of the 128 x 128 crop.
    transform: float64 [2, 3], image to aligned face.

Returns:
    float32 [N, 2].

Raises:
    ArrayError: wrong type, shape or strides, or a transform that has no inverse.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> transform = np.array([[2.0, 0, 10], [0, 2, 20]])
    >>> _core.points_to_image(np.array([[2, 12]], np.float32), transform)
    array([[0., 0.]], dtype=float32)
)";

constexpr const char* kVectorsDoc = R"(Motion in crop pixels as motion in image pixels.

Args:
    flow: float32 [2, height, width], x in the first plane.
    transform: float64 [2, 3], image to aligned face.

Returns:
    float32 [2, height, width], on the same grid.

Raises:
    ArrayError: wrong type, shape or strides, or a transform that has no inverse.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> transform = np.array([[2.0, 0, 10], [0, 2, 20]])
    >>> _core.vectors_to_image(np.ones((2, 1, 1), np.float32), transform).ravel()
    array([0.5, 0.5], dtype=float32)
)";

}  // namespace

void register_geometry(py::module_& module) {
    module.attr("ALIGNED_SIZE") = kAlignedSize;
    module.attr("CROP_SIZE") = kCropSize;
    module.attr("CROP_OFFSET") = kCropOffset;
    module.def("alignment_transform", &align, py::arg("points"), kAlignDoc);
    module.def("invert_transform", &inverse, py::arg("transform"), kInvertDoc);
    module.def("points_to_image", &points_in_image, py::arg("points"), py::arg("transform"),
               kPointsDoc);
    module.def("vectors_to_image", &vectors_in_image, py::arg("flow"), py::arg("transform"),
               kVectorsDoc);
}

}  // namespace mol_edge::bindings
