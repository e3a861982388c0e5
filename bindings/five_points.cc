#include "mol_edge/five_points.h"

#include "arrays.h"
#include "register.h"

#include <pybind11/numpy.h>

#include <array>
#include <cstddef>

namespace py = pybind11;

namespace mol_edge::bindings {
namespace {

// A few numbers: giving the GIL away would take longer than the arithmetic.

using Numbers = ArrayArgument<double>;

std::array<Point, 5> five_of(const Numbers& points, const char* name) {
    const py::array array = contiguous(points, {name, {5, 2}, "(5, 2)"});
    const auto values = elements<double>(array);
    std::array<Point, 5> five;
    for (std::size_t i = 0; i < five.size(); ++i) five[i] = {values[2 * i], values[2 * i + 1]};
    return five;
}

py::tuple size_and_turn(const Numbers& points) {
    const auto five = five_of(points, "points");
    return py::make_tuple(eye_distance(five), head_turn(five));
}

double way_of(const Numbers& transform, const Numbers& source, const Numbers& target) {
    return farthest_way(transform_of(transform), five_of(source, "source"),
                        five_of(target, "target"));
}

py::tuple moved_box(double left, double top, double width, double height, const Numbers& source,
                    const Numbers& target) {
    const Box box = carried_box({left, top, width, height}, five_of(source, "source"),
                                five_of(target, "target"));
    return py::make_tuple(box[0], box[1], box[2], box[3]);
}

constexpr const char* kSizeDoc = R"(How large and how turned away a face is, by its five points.

Args:
    points: float64 [5, 2], as for `alignment_transform`.

Returns:
    The distance of the eyes, or of eyes and mouth where that is longer; and how far the tip of the
    nose lies from its place in a frontal face, in parts of that distance, infinite for eyes in one
    place.

Raises:
    ArrayError: wrong type, shape or strides.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> points = np.array([[40, 40], [80, 40], [70, 62.4], [45, 80], [75, 80.0]])
    >>> _core.face_size_and_turn(points)
    (40.0, 0.25)
)";

constexpr const char* kWayDoc = R"(The farthest way of one of five points, as a transform shows it.

Args:
    transform: float64 [2, 3].
    source: float64 [5, 2].
    target: float64 [5, 2].

Returns:
    How far it went, in the pixels that the transform leads to.

Raises:
    ArrayError: wrong type, shape or strides.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> _core.farthest_way(2 * np.eye(2, 3), np.zeros((5, 2)), np.full((5, 2), [3.0, 4]))
    10.0
)";

constexpr const char* kBoxDoc = R"(A box that moves and grows with five points in it.

Args:
    left: pixels, and so are the next three.
    top: its upper edge.
    width: how wide it is.
    height: how high it is.
    source: float64 [5, 2], where the points were.
    target: float64 [5, 2], where they are.

Returns:
    Its left, top, width and height now.

Raises:
    ArrayError: wrong type, shape or strides.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> points = np.array([[0, 0], [4, 0], [2, 2], [0, 4], [4, 4.0]])
    >>> _core.carried_box(0, 0, 4, 4, points, 2 * points + 1)
    (1.0, 1.0, 8.0, 8.0)
)";

}  // namespace

void register_five_points(py::module_& module) {
    module.def("face_size_and_turn", &size_and_turn, py::arg("points"), kSizeDoc);
    module.def("farthest_way", &way_of, py::arg("transform"), py::arg("source"), py::arg("target"),
               kWayDoc);
    module.def("carried_box", &moved_box, py::arg("left"), py::arg("top"), py::arg("width"),
               py::arg("height"), py::arg("source"), py::arg("target"), kBoxDoc);
}

}  // namespace mol_edge::bindings
