#include "mol_edge/hump.h"

#include "arrays.h"
#include "register.h"

#include <pybind11/numpy.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace py = pybind11;

namespace mol_edge::bindings {
namespace {

/// The rows of an array [..., 2] as steps: two numbers each.
std::span<const Step> steps_of(const py::array& array) {
    static_assert(sizeof(Step) == 2 * sizeof(double));
    return {static_cast<const Step*>(array.data()), static_cast<std::size_t>(array.size()) / 2};
}

py::tuple measure(const ArrayArgument<std::int64_t>& times_ns,
                  const ArrayArgument<std::int64_t>& indices, const ArrayArgument<double>& paths,
                  const ArrayArgument<bool>& blinks, std::int64_t began_ns,
                  const ArrayArgument<double>& noise, std::size_t evidence) {
    const py::array times = contiguous(times_ns, {"times_ns", {kAny}, "(n,)"});
    const py::array frames = contiguous(indices, {"indices", {kAny}, "(n,)"});
    const py::array places = contiguous(paths, {"paths", {kAny, kAny, 2}, "(n, cells, 2)"});
    const py::array closed = contiguous(blinks, {"blinks", {kAny}, "(n,)"});
    const py::array deviations = contiguous(noise, {"noise", {kAny, 2}, "(cells, 2)"});
    const PathRows rows{elements<std::int64_t>(times), elements<std::int64_t>(frames),
                        steps_of(places), elements<bool>(closed),
                        static_cast<std::size_t>(places.shape(1))};
    const std::optional<Hump> found = measure_hump(rows, began_ns, steps_of(deviations), evidence);
    const Hump hump = found.value_or(Hump{});
    py::array_t<double> peak({static_cast<py::ssize_t>(hump.peak.size()), py::ssize_t{2}});
    double* to = peak.mutable_data();
    for (const Step& each : hump.peak) {
        *to++ = each.x;
        *to++ = each.y;
    }
    return py::make_tuple(found.has_value(), hump.ended, hump.onset_ns, hump.apex_ns,
                          hump.offset_ns, hump.onset, hump.apex, hump.offset, hump.period_ms,
                          hump.blinked, hump.step, hump.beside, hump.explained, peak);
}

constexpr const char* kDoc = R"(Measures one movement; see `mol_edge.hump`, which wraps it.

Args:
    times_ns: int64 [n], rising.
    indices: int64 [n], positions of the frames in the source.
    paths: float64 [n, cells, 2], pixels.
    blinks: bool [n].
    began_ns: when the movement began.
    noise: float64 [cells, 2], deviations.
    evidence: how many of the first cells tell of a movement.

Returns:
    Whether there is enough of it to tell, and the fields of a `Hump`.

Raises:
    ArrayError: arrays of other types or sizes.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> times, paths = np.arange(40) * 20_000_000, np.zeros((40, 3, 2))
    >>> paths[15:25, 0, 0] = 0.5 - 0.5 * np.cos(np.linspace(0.6, 5.7, 10))
    >>> known, ended, onset_ns, *_ = _core.measure_hump(
    ...     times, np.arange(40), paths, np.zeros(40, np.bool_), 250_000_000, 0.03 + paths[0], 2)
    >>> known, ended, onset_ns
    (True, True, 280000000)
)";

}  // namespace

void register_hump(py::module_& module) {
    module.def("measure_hump", &measure, py::arg("times_ns"), py::arg("indices"), py::arg("paths"),
               py::arg("blinks"), py::arg("began_ns"), py::arg("noise"), py::arg("evidence"), kDoc);
}

}  // namespace mol_edge::bindings
