#include "mol_edge/similarity.h"

#include "arrays.h"
#include "register.h"

#include <pybind11/numpy.h>

#include <cstddef>
#include <span>

namespace py = pybind11;

namespace mol_edge::bindings {
namespace {

// A few points: giving the GIL away would take longer than the arithmetic.

py::array points_of(const ArrayArgument<double>& points, const char* name) {
    return contiguous(points, {name, {kAny, 2}, "(N, 2)"});
}

py::array_t<double> similarity(const ArrayArgument<double>& source,
                               const ArrayArgument<double>& target) {
    const py::array from = points_of(source, "source"), to = points_of(target, "target");
    return to_array(fit_similarity(elements<double>(from), elements<double>(to)));
}

py::tuple robust(const ArrayArgument<double>& source, const ArrayArgument<double>& target,
                 double tolerance) {
    const py::array from = points_of(source, "source"), to = points_of(target, "target");
    py::array_t<bool> keep(from.shape(0));
    const std::span<bool> flags(keep.mutable_data(), static_cast<std::size_t>(from.shape(0)));
    const Transform found =
        fit_robustly(elements<double>(from), elements<double>(to), tolerance, flags);
    return py::make_tuple(to_array(found), keep);
}

py::array_t<double> transformed(const ArrayArgument<double>& transform,
                                const ArrayArgument<double>& points) {
    const py::array from = points_of(points, "points");
    auto out = like<double>(from);
    transform_points(transform_of(transform), elements<double>(from), elements(out));
    return out;
}

py::array_t<float> placed_shape(const ArrayArgument<double>& shape,
                                const ArrayArgument<double>& marks,
                                const ArrayArgument<double>& points,
                                const ArrayArgument<double>& transform) {
    const py::array whole = points_of(shape, "shape"), from = points_of(marks, "marks"),
                    to = points_of(points, "points");
    auto out = like<float>(whole);
    place_shape(elements<double>(whole), elements<double>(from), elements<double>(to),
                transform_of(transform), elements(out));
    return out;
}

constexpr const char* kFitDoc = R"(The similarity that takes points to others with least squares.

Args:
    source: float64 [N, 2].
    target: float64 [N, 2].

Returns:
    float64 [2, 3].

Raises:
    ArrayError: wrong type, shape or strides, or no point.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> square = np.array([[0, 0], [1, 0], [1, 1], [0, 1.0]])
    >>> _core.fit_similarity(square, 2 * square + 3)[:, 2]
    array([3., 3.])
)";

constexpr const char* kRobustDoc = R"(As `fit_similarity`, without points that move by themselves.

Args:
    source: float64 [N, 2].
    target: float64 [N, 2].
    tolerance: distance from the fit within which a point always counts.

Returns:
    float64 [2, 3], and bool [N], which points count.

Raises:
    ArrayError: wrong type, shape or strides, or no point.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> source = np.array([[0, 0], [9, 0], [9, 9], [0, 9], [5, 5.0]])
    >>> target = source + [[0, 0], [0, 0], [0, 0], [0, 0], [8, 0]]
    >>> _core.fit_robustly(source, target, 0.5)[1].tolist()
    [True, True, True, True, False]
)";

constexpr const char* kPointsDoc = R"(Points [N, 2] under a transform [2, 3].

Args:
    transform: float64 [2, 3].
    points: float64 [N, 2].

Returns:
    float64 [N, 2].

Raises:
    ArrayError: wrong type, shape or strides.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> _core.transform_points(np.array([[1.0, 0, 5], [0, 1, 0]]), np.zeros((1, 2)))
    array([[5., 0.]])
)";

constexpr const char* kShapeDoc = R"(A shape in the crop, placed by some marks of it.

Args:
    shape: float64 [N, 2].
    marks: float64 [M, 2], points of the shape, in its own pixels.
    points: float64 [M, 2], where these are in an image.
    transform: float64 [2, 3], image to aligned face.

Returns:
    float32 [N, 2], pixels of the 128 x 128 crop: the shape moved by the similarity that fits best.

Raises:
    ArrayError: wrong type, shape or strides, or no mark.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> marks = np.array([[0, 0], [2, 0], [2, 2.0]])
    >>> _core.place_shape(np.array([[1, 1.0]]), marks, 3 * marks + 10, np.eye(2, 3))
    array([[5., 5.]], dtype=float32)
)";

}  // namespace

void register_similarity(py::module_& module) {
    module.def("fit_similarity", &similarity, py::arg("source"), py::arg("target"), kFitDoc);
    module.def("fit_robustly", &robust, py::arg("source"), py::arg("target"), py::arg("tolerance"),
               kRobustDoc);
    module.def("place_shape", &placed_shape, py::arg("shape"), py::arg("marks"), py::arg("points"),
               py::arg("transform"), kShapeDoc);
    module.def("transform_points", &transformed, py::arg("transform"), py::arg("points"),
               kPointsDoc);
}

}  // namespace mol_edge::bindings
