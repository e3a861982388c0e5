#include "mol_edge/motion_stream.h"

#include "arrays.h"
#include "gil.h"
#include "register.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace py = pybind11;

namespace mol_edge::bindings {
namespace {

constexpr auto kRows = static_cast<py::ssize_t>(kLandmarks);

py::array landmarks_of(const ArrayArgument<float>& landmarks) {
    return contiguous(landmarks, {"landmarks", {kRows, 2}, "(68, 2)"});
}

template <class Values>
py::array_t<float> array_of(const Values& values, std::vector<py::ssize_t> shape) {
    py::array_t<float> array(std::move(shape));
    std::copy(values.begin(), values.end(), array.mutable_data());
    return array;
}

py::tuple parts_of(const LandmarkMotion& motion, const std::vector<float>& strongest) {
    return py::make_tuple(array_of(motion.vectors, {kRows, 2}), array_of(motion.strength, {kRows}),
                          array_of(motion.confidence, {kRows}), to_array(motion.head),
                          array_of(motion.axes, {kRows, 2}), array_of(motion.deviation, {kRows, 2}),
                          motion.since_ns, strongest);
}

MotionStream stream_of(const ArrayArgument<float>& weights, float trusted_px, std::int64_t span_ns,
                       std::int64_t anchor_ns, std::vector<std::vector<std::size_t>> regions) {
    const py::array say = contiguous(weights, {"weights", {kRows}, "(68,)"});
    MotionStreamOptions options{{}, trusted_px, span_ns, anchor_ns, std::move(regions)};
    std::ranges::copy(elements<float>(say), options.weights.begin());
    return MotionStream(std::move(options));
}

py::object push(MotionStream& stream, std::int64_t timestamp_ns, const ArrayArgument<float>& crop,
                const ArrayArgument<float>& landmarks) {
    const py::array pixels = crop_of(crop);
    const py::array points = landmarks_of(landmarks);
    std::optional<LandmarkMotion> motion;
    {
        const WithoutGil unlocked;
        motion = stream.push(timestamp_ns, pixels_of(pixels),
                             elements<float>(points).first<2 * kLandmarks>());
    }
    return motion ? py::object(parts_of(*motion, stream.strongest(*motion))) : py::none();
}

void realign(MotionStream& stream, const ArrayArgument<float>& crop,
             const ArrayArgument<double>& change) {
    const py::array pixels = crop_of(crop);
    const Transform moved = transform_of(change);
    const WithoutGil unlocked;
    stream.realign(pixels_of(pixels), moved);
}

constexpr const char* kStreamDoc = R"(Follows the landmarks' patches of one face through crops.

See `mol_edge.motion_stream.MotionStream`, which wraps it. Not safe to share between threads.

Args:
    weights: float32 [68], how far each landmark stands still on the head.
    trusted_px: deviation of a patch's error at which its confidence is one half.
    span_ns: time over which motion is told.
    anchor_ns: for how long at most the patches of one crop are followed.
    regions: the landmarks of each part of the face.

Raises:
    ArrayError: wrong type, shape or strides, or a landmark that is not there.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> stream = _core.MotionStream(np.ones(68, np.float32), 0.1, 100, 2000, [])
    >>> crop, landmarks = np.zeros((128, 128), np.float32), np.zeros((68, 2), np.float32)
    >>> stream.push(0, crop, landmarks), stream.push(50, crop, landmarks)[-2]
    (None, 0)
)";

constexpr const char* kPushDoc = R"(Takes the next crop.

Args:
    timestamp_ns: when it was taken; one that does not rise starts anew.
    crop: float32 [128, 128].
    landmarks: float32 [68, 2], its pixels.

Returns:
    None for the first crop, else vectors [68, 2], strength [68], confidence [68], head [2, 3],
    axes [68, 2], deviation [68, 2] and since_ns, as `mol_edge.motion.Motion` has them, and of each
    region the strongest patch's strength, weighted by confidence.

Raises:
    ArrayError: wrong type, shape or strides, or landmarks that are not finite.
)";

}  // namespace

void register_motion_stream(py::module_& module) {
    py::class_<MotionStream>(module, "MotionStream", kStreamDoc)
        .def(py::init(&stream_of), py::arg("weights"), py::arg("trusted_px"), py::arg("span_ns"),
             py::arg("anchor_ns"), py::arg("regions"))
        .def("restart", &MotionStream::restart, "Forgets what came before.")
        .def("push", &push, py::arg("timestamp_ns"), py::arg("crop"), py::arg("landmarks"),
             kPushDoc)
        .def("realign", &realign, py::arg("crop"), py::arg("change"),
             "Goes on in another alignment; see `mol_edge.motion_stream.MotionStream.realign`.");
}

}  // namespace mol_edge::bindings
