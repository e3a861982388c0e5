#include "mol_edge/flow_color.h"

#include "arrays.h"
#include "gil.h"
#include "register.h"

#include <pybind11/numpy.h>

namespace py = pybind11;

namespace mol_edge::bindings {
namespace {

py::array_t<std::uint8_t> color(const ArrayArgument<float>& flow, float max_magnitude) {
    const py::array array = contiguous(flow, {"flow", {2, kAny, kAny}, "(2, height, width)"});
    py::array_t<std::uint8_t> picture({array.shape(1), array.shape(2), py::ssize_t{3}});
    const auto from = elements<float>(array);
    const auto to = elements(picture);
    {
        const WithoutGil unlocked;
        flow_to_color(from, max_magnitude, to);
    }
    return picture;
}

constexpr const char* kDoc = R"(Motion as a picture: hue is direction, saturation is size.

The wheel is Middlebury's (Baker et al., "A Database and Evaluation Methodology for Optical Flow",
IJCV 2011).

Args:
    flow: float32 [2, height, width], x in the first plane.
    max_magnitude: size with full saturation; longer vectors are darkened. 0 takes the largest of
        the field.

Returns:
    uint8 [height, width, 3], BGR: white where nothing moves, black where flow is not finite.

Raises:
    ArrayError: wrong type, shape or strides.
    OptionError: `max_magnitude` is negative or not finite.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> _core.flow_to_color(np.zeros((2, 1, 1), np.float32))
    array([[[255, 255, 255]]], dtype=uint8)
)";

}  // namespace

void register_flow_color(py::module_& module) {
    module.def("flow_to_color", &color, py::arg("flow"), py::arg("max_magnitude") = 0.0, kDoc);
}

}  // namespace mol_edge::bindings
