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

}  // namespace

void register_geometry(py::module_& module) {
    module.attr("ALIGNED_SIZE") = kAlignedSize;
    module.attr("CROP_SIZE") = kCropSize;
    module.attr("CROP_OFFSET") = kCropOffset;
    module.def("alignment_transform", &align, py::arg("points"));
    module.def("invert_transform", &inverse, py::arg("transform"));
    module.def("points_to_image", &points_in_image, py::arg("points"), py::arg("transform"));
    module.def("vectors_to_image", &vectors_in_image, py::arg("flow"), py::arg("transform"));
}

}  // namespace mol_edge::bindings
