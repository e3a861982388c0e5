#include "arrays.h"

#include <algorithm>
#include <string>

namespace py = pybind11;

namespace mol_edge::bindings {
namespace {

std::string text_of(const py::handle& object) {
    return py::str(object).cast<std::string>();
}

bool shape_fits(const py::array& array, const std::vector<py::ssize_t>& shape) {
    return std::equal(
        shape.begin(), shape.end(), array.shape(), array.shape() + array.ndim(),
        [](py::ssize_t want, py::ssize_t got) { return want == kAny || want == got; });
}

}  // namespace

std::string describe(const py::object& object) {
    if (!py::isinstance<py::array>(object)) {
        return "an object of type " + text_of(py::type::of(object).attr("__name__"));
    }
    const auto array = py::reinterpret_borrow<py::array>(object);
    return "an array of " + text_of(array.dtype()) + " with shape " + text_of(array.attr("shape"));
}

py::array checked_array(const py::object& object, const py::dtype& dtype,
                        const Expected& expected) {
    if (py::isinstance<py::array>(object)) {
        auto array = py::reinterpret_borrow<py::array>(object);
        if (array.dtype().is(dtype) || array.dtype().equal(dtype)) {
            if (shape_fits(array, expected.shape)) return array;
        }
    }
    throw ArrayError(std::string(expected.name) + " must be a NumPy array of " + text_of(dtype) +
                     " with shape " + expected.shape_text + ", got " + describe(object) + ".");
}

void check_contiguous(const py::array& array, const Expected& expected) {
    constexpr int needed = int{py::array::c_style} | int{py::detail::npy_api::NPY_ARRAY_ALIGNED_};
    if ((array.flags() & needed) == needed) return;
    throw ArrayError(
        std::string(expected.name) + " must be C-contiguous and aligned, got strides " +
        text_of(array.attr("strides")) + ": pass numpy.require(it, requirements='CA').");
}

void check_writeable(const py::array& array, const Expected& expected) {
    if (array.writeable()) return;
    throw ArrayError(std::string(expected.name) +
                     " must be writeable, got a read-only array: pass a new one.");
}

py::array crop_of(const ArrayArgument<float>& argument, const char* name) {
    return contiguous(argument, {name, {kCropSize, kCropSize}, "(128, 128)"});
}

std::span<const float, kCropPixels> pixels_of(const py::array& crop) {
    return elements<float>(crop).first<kCropPixels>();
}

Transform transform_of(const ArrayArgument<double>& argument) {
    const py::array array = contiguous(argument, {"transform", {2, 3}, "(2, 3)"});
    const auto v = elements<double>(array);
    return {v[0], v[1], v[2], v[3], v[4], v[5]};
}

py::array_t<double> to_array(const Transform& t) {
    py::array_t<double> array({2, 3});
    const double values[] = {t.xx, t.xy, t.x0, t.yx, t.yy, t.y0};
    std::copy(std::begin(values), std::end(values), array.mutable_data());
    return array;
}

}  // namespace mol_edge::bindings
