#include "mol_edge/head_patches.h"

#include "mol_edge/similarity.h"

#include "arrays.h"
#include "gil.h"
#include "image.h"
#include "register.h"

#include <pybind11/numpy.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace py = pybind11;

namespace mol_edge::bindings {
namespace {

HeadPatches patches_of(const ArrayArgument<float>& crop, const ArrayArgument<float>& points) {
    const py::array pixels = crop_of(crop);
    const py::array at = contiguous(points, {"points", {kAny, 2}, "(N, 2)"});
    const WithoutGil unlocked;
    return HeadPatches(pixels_of(pixels), elements<float>(at));
}

py::tuple find(const HeadPatches& patches, const ArrayArgument<float>& crop,
               const ArrayArgument<double>& guess) {
    const py::array pixels = crop_of(crop);
    const Transform start = transform_of(guess);
    HeadPlace place;
    {
        const WithoutGil unlocked;
        place = patches.find(pixels_of(pixels), start);
    }
    return py::make_tuple(to_array(place.motion), place.agreeing);
}

py::tuple look(const HeadPatches& patches, const ArrayArgument<std::uint8_t>& image,
               const ArrayArgument<double>& transform, const ArrayArgument<double>& guess,
               const std::string& format, bool full_range, const ArrayArgument<float>& view) {
    const ImageView picture = image_view(image, format, full_range);
    const Transform to_aligned = transform_of(transform), start = transform_of(guess);
    auto into = py::reinterpret_borrow<py::array_t<float>>(crop_of(view, "view"));
    check_writeable(into, {"view", {}, ""});
    const std::span<float, kCropPixels> pixels(into.mutable_data(), kCropPixels);
    HeadPlace place;
    {
        const WithoutGil unlocked;
        crop_float(picture, to_aligned, {}, pixels);
        place = patches.find(pixels, start);
    }
    return py::make_tuple(to_array(place.motion), place.agreeing);
}

py::tuple carried(const ArrayArgument<double>& motion, const ArrayArgument<double>& to_image,
                  const ArrayArgument<double>& points) {
    const py::array at = contiguous(points, {"points", {kAny, 2}, "(N, 2)"});
    const Transform moved = transform_of(motion), back = transform_of(to_image);
    auto out = like<double>(at);
    const auto to = elements(out);
    transform_points(moved, elements<double>(at), to);
    transform_points(back, to, to);
    return py::make_tuple(out, scale_of(moved), way_of_middle(moved));
}

constexpr const char* kDoc =
    R"(The patches around some points of a head, to be found in later crops.

Args:
    crop: float32 [128, 128].
    points: float32 [N, 2], pixels of `crop`.

Raises:
    ArrayError: wrong type, shape or strides, or points that are not finite.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> y, x = np.mgrid[:128, :128].astype(np.float32)
    >>> points = np.array([[40, 40], [80, 40], [60, 80]], np.float32)
    >>> patches = _core.HeadPatches(np.sin(x / 4) + np.sin(y / 4), points)
    >>> later = np.sin((x - 2) / 4) + np.sin(y / 4)
    >>> motion, agreeing = patches.find(later, np.eye(2, 3))
    >>> motion[:, 2].round(1) + 0.0, agreeing
    (array([2., 0.]), 3)
)";

constexpr const char* kFindDoc = R"(Where the head is in another crop.

Args:
    crop: float32 [128, 128].
    guess: float64 [2, 3], the similarity that it may have gone through, about 5 pixels off at most.

Returns:
    float64 [2, 3], the similarity that explains what the patches did, robustly, and how many of
    them it explains.

Raises:
    ArrayError: wrong type, shape or strides, or a guess that is not finite.
)";

constexpr const char* kLookDoc = R"(As `find`, in the view of a picture that a transform cuts out.

Args:
    image: uint8, as for `crop_float`.
    transform: float64 [2, 3], image to aligned face.
    guess: float64 [2, 3], as for `find`.
    format: layout of `image`.
    full_range: whether the luma of `nv12` and `yuyv` spans 0-255; else 16-235 is expanded.
    view: float32 [128, 128] to write the crop to, luma in levels.

Returns:
    What `find` gives.

Raises:
    ArrayError: wrong type, shape, strides or format, or a transform that has no inverse.
)";

constexpr const char* kCarriedDoc = R"(Points of a view after a motion, in the image.

Args:
    motion: float64 [2, 3], a similarity of the view, pixels of the crop.
    to_image: float64 [2, 3], crop to image.
    points: float64 [N, 2], pixels of the crop before the motion.

Returns:
    float64 [N, 2], image pixels; by how much the motion enlarges; and how far it takes the middle
    of the crop, in its pixels.

Raises:
    ArrayError: wrong type, shape or strides.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> shift = np.array([[1.0, 0, 3], [0, 1, 4]])
    >>> _core.carried_points(shift, 2 * np.eye(2, 3), np.zeros((1, 2)))
    (array([[6., 8.]]), 1.0, 5.0)
)";

}  // namespace

void register_head_patches(py::module_& module) {
    py::class_<HeadPatches>(module, "HeadPatches", kDoc)
        .def(py::init(&patches_of), py::arg("crop"), py::arg("points"))
        .def("find", &find, py::arg("crop"), py::arg("guess"), kFindDoc)
        .def("look", &look, py::arg("image"), py::arg("transform"), py::arg("guess"),
             py::arg("format"), py::arg("full_range"), py::arg("view"), kLookDoc);
    module.def("carried_points", &carried, py::arg("motion"), py::arg("to_image"),
               py::arg("points"), kCarriedDoc);
}

}  // namespace mol_edge::bindings
