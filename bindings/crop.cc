#include "mol_edge/crop.h"

#include "mol_edge/luma.h"
#include "mol_edge/sharpness.h"

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

void luma_of_part(const ArrayArgument<std::uint8_t>& image, int left, int top,
                  const ArrayArgument<std::uint8_t>& out, const std::string& format,
                  bool full_range) {
    const ImageView view = image_view(image, format, full_range);
    const Expected expected{"out", {kAny, kAny}, "(height, width)"};
    const py::array array = contiguous(out, expected);
    check_writeable(array, expected);
    auto into = py::reinterpret_borrow<py::array_t<std::uint8_t>>(array);
    const Part part{left, top, static_cast<int>(into.shape(1)), static_cast<int>(into.shape(0))};
    const auto levels = elements(into);
    const WithoutGil unlocked;
    copy_luma(view, part, levels);
}

constexpr const char* kLumaDoc = R"(Luma of a part of an image in whole levels.

Args:
    image: uint8, as for `crop_float`.
    left: first column of the part.
    top: first row of the part.
    out: uint8 [height, width] of the part, to write to.
    format: layout of `image`.
    full_range: whether the luma of `nv12` and `yuyv` spans 0-255; else 16-235 is expanded.

Returns:
    Nothing: `out` holds the levels, of colour 0.299 R + 0.587 G + 0.114 B, rounded.

Raises:
    ArrayError: wrong type, shape, strides or format, or a part that is not within the image.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> out = np.empty((1, 2), np.uint8)
    >>> _core.copy_luma(np.arange(12, dtype=np.uint8).reshape(3, 4), 1, 2, out, "gray")
    >>> out
    array([[ 9, 10]], dtype=uint8)
)";

constexpr const char* kFloatDoc = R"(Luma of the aligned crop, normalised: (luma - mean) / scale.

Bilinear in float; outside the image luma is 128. Colour counts 0.299 R + 0.587 G + 0.114 B.

Args:
    image: uint8, laid out as `format` says: `bgr`/`rgb` [height, width, 3], `gray`
        [height, width], `nv12` [height * 3 / 2, width], `yuyv` [height, width, 2]. Rows may have
        any stride; pixels within a row are contiguous.
    transform: float64 [2, 3], image to aligned face.
    mean: luma of the training set that becomes 0.
    scale: luma above the mean that becomes 1.
    format: layout of `image`.
    full_range: whether the luma of `nv12` and `yuyv` spans 0-255; else 16-235 is expanded.
    out: float32 [128, 128] to write to, which must not share memory with `image`.

Returns:
    float32 [128, 128]: `out` where it was given.

Raises:
    ArrayError: wrong type, shape, strides or format, or a transform that has no inverse.
    OptionError: a scale that is not positive, or a number that is not finite.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> image = np.full((144, 144, 3), 138, np.uint8)
    >>> _core.crop_float(image, np.eye(2, 3), mean=128.0, scale=100.0)[:1, :3].round(5)
    array([[0.1, 0.1, 0.1]], dtype=float32)
)";

constexpr const char* kByteDoc = R"(Luma of the aligned crop in whole levels.

Args:
    image: uint8, as for `crop_float`.
    transform: float64 [2, 3], image to aligned face.
    format: layout of `image`.
    full_range: whether the luma of `nv12` and `yuyv` spans 0-255; else 16-235 is expanded.
    out: uint8 [128, 128] to write to, which must not share memory with `image`.

Returns:
    uint8 [128, 128]: `out` where it was given.

Raises:
    ArrayError: wrong type, shape, strides or format, or a transform that has no inverse.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> image = np.full((144, 144, 3), 138, np.uint8)
    >>> _core.crop_uint8(image, np.eye(2, 3))[:1, :3]
    array([[138, 138, 138]], dtype=uint8)
)";

double crop_sharpness(const ArrayArgument<float>& crop) {
    const py::array array = crop_of(crop);
    return sharpness(pixels_of(array));
}

bool all_finite(const ArrayArgument<float>& crops) {
    return are_finite(elements<float>(
        contiguous(crops, {"crops", {kAny, kCropSize, kCropSize}, "(N, 128, 128)"})));
}

constexpr const char* kFiniteDoc = R"(Whether no value of some crops is infinite or NaN.

Args:
    crops: float32 [N, 128, 128].

Returns:
    True where all are finite.

Raises:
    ArrayError: wrong type, shape or strides.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> _core.are_finite(np.zeros((2, 128, 128), np.float32))
    True
)";

constexpr const char* kSharpnessDoc = R"(Contrast of the edges of a crop in parts of its own.

The deviation of its Laplacian over its own, both at a quarter of the size.

Args:
    crop: float32 [128, 128], in any unit of luma.

Returns:
    0 for an even crop; 0.3 and more for a face whose lids and lips can be seen.

Raises:
    ArrayError: wrong type, shape or strides.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> _core.sharpness(np.ones((128, 128), np.float32))
    0.0
)";

}  // namespace

void register_crop(py::module_& module) {
    module.def("crop_float", &normalized_crop, py::arg("image"), py::arg("transform"),
               py::arg("mean"), py::arg("scale"), py::arg("format") = "bgr",
               py::arg("full_range") = false, py::arg("out") = py::none(), kFloatDoc);
    module.def("crop_uint8", &luma_crop, py::arg("image"), py::arg("transform"),
               py::arg("format") = "bgr", py::arg("full_range") = false,
               py::arg("out") = py::none(), kByteDoc);
    module.def("are_finite", &all_finite, py::arg("crops"), kFiniteDoc);
    module.def("sharpness", &crop_sharpness, py::arg("crop"), kSharpnessDoc);
    module.def("copy_luma", &luma_of_part, py::arg("image"), py::arg("left"), py::arg("top"),
               py::arg("out"), py::arg("format") = "bgr", py::arg("full_range") = false, kLumaDoc);
}

}  // namespace mol_edge::bindings
