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

}  // namespace

void register_flow_color(py::module_& module) {
    module.def("flow_to_color", &color, py::arg("flow"), py::arg("max_magnitude") = 0.0);
}

}  // namespace mol_edge::bindings
