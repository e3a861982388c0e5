#include "mol_edge/crop.h"

#include "arrays.h"
#include "gil.h"
#include "image.h"
#include "register.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <optional>
#include <string>

namespace py = pybind11;

namespace mol_edge::bindings {
namespace {

/// `out` where it was given and fits, else a new crop.
template <class T>
py::array_t<T> output(const std::optional<ArrayArgument<T>>& out) {
    if (!out) return py::array_t<T>({kCropSize, kCropSize});
    const Expected expected{"out", {kCropSize, kCropSize}, "(128, 128)"};
    const py::array array = contiguous(*out, expected);
    check_writeable(array, expected);
    return py::reinterpret_borrow<py::array_t<T>>(array);
}

template <class T>
std::span<T, kCropPixels> pixels(py::array_t<T>& crop) {
    return std::span<T, kCropPixels>(crop.mutable_data(), kCropPixels);
}

py::array_t<float> normalized_crop(const ArrayArgument<std::uint8_t>& image,
                                   const ArrayArgument<double>& transform, double mean,
                                   double scale, const std::string& format, bool full_range,
                                   const std::optional<ArrayArgument<float>>& out) {
    const ImageView view = image_view(image, format, full_range);
    const Transform to_aligned = transform_of(transform);
    auto crop = output(out);
    const auto target = pixels(crop);
    {
        const WithoutGil unlocked;
        crop_float(view, to_aligned, {mean, scale}, target);
    }
    return crop;
}

py::array_t<std::uint8_t> luma_crop(const ArrayArgument<std::uint8_t>& image,
                                    const ArrayArgument<double>& transform,
                                    const std::string& format, bool full_range,
                                    const std::optional<ArrayArgument<std::uint8_t>>& out) {
    const ImageView view = image_view(image, format, full_range);
    const Transform to_aligned = transform_of(transform);
    auto crop = output(out);
    const auto target = pixels(crop);
    {
        const WithoutGil unlocked;
        crop_uint8(view, to_aligned, target);
    }
    return crop;
}

}  // namespace

void register_crop(py::module_& module) {
    module.def("crop_float", &normalized_crop, py::arg("image"), py::arg("transform"),
               py::arg("mean"), py::arg("scale"), py::arg("format") = "bgr",
               py::arg("full_range") = false, py::arg("out") = py::none());
    module.def("crop_uint8", &luma_crop, py::arg("image"), py::arg("transform"),
               py::arg("format") = "bgr", py::arg("full_range") = false,
               py::arg("out") = py::none());
}

}  // namespace mol_edge::bindings
