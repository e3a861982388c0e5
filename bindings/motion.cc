#include "mol_edge/motion.h"

#include "arrays.h"
#include "gil.h"
#include "register.h"

#include <pybind11/numpy.h>

#include <cstddef>
#include <span>
#include <type_traits>

namespace py = pybind11;

namespace mol_edge::bindings {
namespace {

constexpr py::ssize_t kFields = 6;
static_assert(std::is_standard_layout_v<PatchMotion> &&
              sizeof(PatchMotion) == kFields * sizeof(float));

py::array points_of(const ArrayArgument<float>& points) {
    return contiguous(points, {"points", {kAny, 2}, "(N, 2)"});
}

std::span<const PatchMotion> patches_of(const py::array& array) {
    return {static_cast<const PatchMotion*>(array.data()),
            static_cast<std::size_t>(array.shape(0))};
}

py::array_t<float> motion_of_patches(const ArrayArgument<float>& earlier,
                                     const ArrayArgument<float>& later,
                                     const ArrayArgument<float>& points,
                                     const ArrayArgument<float>& start) {
    const py::array from = crop_of(earlier, "earlier");
    const py::array to = crop_of(later, "later");
    const py::array at = points_of(points);
    const py::array guess = contiguous(start, {"start", {at.shape(0), 2}, "(N, 2) as points"});
    py::array_t<float> out({at.shape(0), kFields});
    const std::span<PatchMotion> patches{reinterpret_cast<PatchMotion*>(out.mutable_data()),
                                         static_cast<std::size_t>(at.shape(0))};
    {
        const WithoutGil unlocked;
        patch_motion(pixels_of(from), pixels_of(to), elements<float>(at), elements<float>(guess),
                     patches);
    }
    return out;
}

py::array_t<double> motion_of_head(const ArrayArgument<float>& points,
                                   const ArrayArgument<float>& patches,
                                   const ArrayArgument<float>& weights) {
    const py::array at = points_of(points);
    const py::array seen = contiguous(patches, {"patches", {at.shape(0), kFields}, "(N, 6)"});
    const py::array say = contiguous(weights, {"weights", {at.shape(0)}, "(N,)"});
    Transform head;
    {
        const WithoutGil unlocked;
        head = head_motion(elements<float>(at), patches_of(seen), elements<float>(say));
    }
    return to_array(head);
}

py::array_t<float> motion_without_head(const ArrayArgument<float>& points,
                                       const ArrayArgument<float>& patches,
                                       const ArrayArgument<double>& head) {
    const py::array at = points_of(points);
    const py::array seen = contiguous(patches, {"patches", {at.shape(0), kFields}, "(N, 6)"});
    const Transform moved = transform_of(head);
    auto out = like<float>(at);
    const auto to = elements(out);
    {
        const WithoutGil unlocked;
        remove_head(elements<float>(at), patches_of(seen), moved, to);
    }
    return out;
}

constexpr const char* kPatchDoc = R"(Motion of the patches around points from one crop to another.

Iterative least squares on the gradients of 13 x 13 pixels, which solves for a gain and an offset of
the brightness too, at half and at full resolution.

Args:
    earlier: float32 [128, 128], crop.
    later: float32 [128, 128], crop of the same alignment.
    points: float32 [N, 2], pixels of `earlier`.
    start: float32 [N, 2], first guess of the motion; zeros find up to about 5 pixels.

Returns:
    float32 [N, 6]: displacement x and y, the direction (x, y) in which the patch is seen best, and
    the deviation of the error along and across it, in pixels. An edge has an infinite deviation
    across, and a displacement along its normal; of a flat patch both are infinite.

Raises:
    ArrayError: wrong type, shape or strides, or points that are not finite.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> y, x = np.mgrid[:128, :128].astype(np.float32)
    >>> crop = np.sin(x / 4) + np.sin(y / 4)
    >>> later = np.sin((x - 0.5) / 4) + np.sin(y / 4)
    >>> points = np.array([[64, 64]], np.float32)
    >>> _core.patch_motion(crop, later, points, np.zeros_like(points))[:, :2].round(1) + 0.0
    array([[0.5, 0. ]], dtype=float32)
)";

constexpr const char* kHeadDoc = R"(The similarity that the steady points of a head went through.

Robust least squares: points that the others contradict lose their say.

Args:
    points: float32 [N, 2], pixels of the earlier crop.
    patches: float32 [N, 6] of `patch_motion`.
    weights: float32 [N], how far each point stands still on the head; 0 ignores it.

Returns:
    float64 [2, 3], earlier to later pixels.

Raises:
    ArrayError: wrong type, shape or strides.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> points = np.array([[40, 40], [80, 40], [60, 70]], np.float32)
    >>> patches = np.tile(np.array([1, 0, 1, 0, 0.01, 0.01], np.float32), (3, 1))
    >>> _core.head_motion(points, patches, np.ones(3, np.float32)).round(3)[:, 2] + 0.0
    array([1., 0.])
)";

constexpr const char* kRemoveDoc = R"(Motion of patches less the motion of the head.

Args:
    points: float32 [N, 2], pixels of the earlier crop.
    patches: float32 [N, 6] of `patch_motion`.
    head: float64 [2, 3] of `head_motion`.

Returns:
    float32 [N, 2]: along what is seen of each patch, 0 where nothing is.

Raises:
    ArrayError: wrong type, shape or strides.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> patches = np.array([[1, 0, 1, 0, 0.01, np.inf]], np.float32)
    >>> _core.remove_head(np.zeros((1, 2), np.float32), patches, np.eye(2, 3))
    array([[1., 0.]], dtype=float32)
)";

}  // namespace

void register_motion(py::module_& module) {
    module.def("patch_motion", &motion_of_patches, py::arg("earlier"), py::arg("later"),
               py::arg("points"), py::arg("start"), kPatchDoc);
    module.def("head_motion", &motion_of_head, py::arg("points"), py::arg("patches"),
               py::arg("weights"), kHeadDoc);
    module.def("remove_head", &motion_without_head, py::arg("points"), py::arg("patches"),
               py::arg("head"), kRemoveDoc);
}

}  // namespace mol_edge::bindings
