#include "mol_edge/head_patches.h"

#include "arrays.h"
#include "gil.h"
#include "register.h"

#include <pybind11/numpy.h>

#include <cstddef>
#include <span>

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

}  // namespace

void register_head_patches(py::module_& module) {
    py::class_<HeadPatches>(module, "HeadPatches", kDoc)
        .def(py::init(&patches_of), py::arg("crop"), py::arg("points"))
        .def("find", &find, py::arg("crop"), py::arg("guess"), kFindDoc);
}

}  // namespace mol_edge::bindings
