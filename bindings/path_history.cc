#include "mol_edge/path_history.h"

#include "arrays.h"
#include "gil.h"
#include "register.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace py = pybind11;

namespace mol_edge::bindings {
namespace {

using Cells = std::vector<std::vector<std::size_t>>;

constexpr auto kRows = static_cast<py::ssize_t>(kLandmarks);

template <class Values>
void read(const ArrayArgument<float>& argument, const Expected& expected, Values& into) {
    const py::array array = contiguous(argument, expected);
    std::ranges::copy(elements<float>(array), into.begin());
}

LandmarkMotion motion_of(const ArrayArgument<float>& vectors, const ArrayArgument<float>& axes,
                         const ArrayArgument<float>& deviation) {
    LandmarkMotion motion;
    read(vectors, {"vectors", {kRows, 2}, "(68, 2)"}, motion.vectors);
    read(axes, {"axes", {kRows, 2}, "(68, 2)"}, motion.axes);
    read(deviation, {"deviation", {kRows, 2}, "(68, 2)"}, motion.deviation);
    return motion;
}

py::array_t<double> array_of(const Steps& steps) {
    py::array_t<double> array({static_cast<py::ssize_t>(steps.size()), py::ssize_t{2}});
    double* to = array.mutable_data();
    for (const Step& step : steps) {
        *to++ = step.x;
        *to++ = step.y;
    }
    return array;
}

py::array_t<bool> array_of(const std::vector<char>& flags) {
    py::array_t<bool> array(static_cast<py::ssize_t>(flags.size()));
    std::ranges::transform(flags, array.mutable_data(), [](char flag) { return flag != 0; });
    return array;
}

bool add_to_cells(CellPaths& cells, std::int64_t timestamp_ns, std::optional<std::int64_t> since_ns,
                  const ArrayArgument<float>& vectors, const ArrayArgument<float>& axes,
                  const ArrayArgument<float>& deviation) {
    return cells.add(timestamp_ns, since_ns, motion_of(vectors, axes, deviation));
}

int add_to_history(PathHistory& history, std::int64_t timestamp_ns, std::int64_t index,
                   std::optional<std::int64_t> since_ns, const ArrayArgument<float>& vectors,
                   const ArrayArgument<float>& confidence, const ArrayArgument<float>& axes,
                   const ArrayArgument<float>& deviation) {
    LandmarkMotion motion = motion_of(vectors, axes, deviation);
    read(confidence, {"confidence", {kRows}, "(68,)"}, motion.confidence);
    if (!history.add(timestamp_ns, index, since_ns, motion)) return 0;
    return history.hump() ? 2 : 1;
}

py::tuple rows_since(const PathHistory& history, std::int64_t time_ns) {
    const std::size_t first = history.row_at(time_ns);
    const auto count = static_cast<py::ssize_t>(history.size() - first);
    const auto cells = static_cast<py::ssize_t>(history.noise().size());
    py::array_t<std::int64_t> times(count), indices(count);
    py::array_t<double> paths({count, cells, py::ssize_t{2}});
    py::array_t<bool> blinks(count);
    const Steps places = history.paths_since(first);
    double* path = paths.mutable_data();
    for (const Step& step : places) {
        *path++ = step.x;
        *path++ = step.y;
    }
    for (py::ssize_t i = 0; i < count; ++i) {
        const PathRow& row = history.row(first + static_cast<std::size_t>(i));
        times.mutable_at(i) = row.timestamp_ns;
        indices.mutable_at(i) = row.index;
        blinks.mutable_at(i) = row.blink;
    }
    return py::make_tuple(times, indices, paths, blinks);
}

constexpr const char* kCellsDoc = R"(Follows the cells of a face through a stream of motions.

See `mol_edge.cells.CellPaths`, which wraps it. Not safe to share between threads.

Args:
    members: the landmarks of each cell.
    evidence: how many of the first cells are evidence of an expression.
    brows: how many of the first cells are brows.
    upper_lids: the cells of the upper lids.
    lower_lids: the cells of the lower lids.

Raises:
    ArrayError: a landmark or a cell that is not there.
)";

constexpr const char* kHistoryDoc = R"(Where the cells have been, how fast they are and how noisy.

See `mol_edge.path_history.PathHistory`, which wraps it. Not safe to share between threads.

Args:
    members: as for `CellPaths`, and so are the next four.
    keep_ns: how long a row is kept.
    least_px: displacement of a hump at its height, pixels, that is told.
    factor: the same in deviations of its filter's noise.

Raises:
    ArrayError: a landmark or a cell that is not there.
    OptionError: `least_px` or `factor` is not above 0.
)";

CellPaths cells_of(Cells members, std::size_t evidence, std::size_t brows,
                   std::vector<std::size_t> upper_lids, std::vector<std::size_t> lower_lids) {
    return CellPaths(
        {std::move(members), evidence, brows, std::move(upper_lids), std::move(lower_lids)});
}

PathHistory history_of(Cells members, std::size_t evidence, std::size_t brows,
                       std::vector<std::size_t> upper_lids, std::vector<std::size_t> lower_lids,
                       std::int64_t keep_ns, double least_px, double factor) {
    return {{std::move(members), evidence, brows, std::move(upper_lids), std::move(lower_lids)},
            keep_ns,
            {least_px, factor}};
}

py::object hump_of(const PathHistory& history) {
    const std::optional<FoundHump>& found = history.hump();
    if (!found) return py::none();
    return py::make_tuple(found->onset_ns, found->apex_ns, found->offset_ns, found->clearness,
                          found->cell, array_of(found->peak), array_of(found->noise));
}

}  // namespace

void register_path_history(py::module_& module) {
    module.attr("BLINKS_DIFFER") = kBlinksDiffer;
    py::class_<CellPaths>(module, "CellPaths", kCellsDoc)
        .def(py::init(&cells_of), py::arg("members"), py::arg("evidence"), py::arg("brows"),
             py::arg("upper_lids"), py::arg("lower_lids"))
        .def("start", &CellPaths::start, py::arg("timestamp_ns"), "Begins at this time.")
        .def("add", &add_to_cells, py::arg("timestamp_ns"), py::arg("since_ns"), py::arg("vectors"),
             py::arg("axes"), py::arg("deviation"),
             "Takes a motion; False where its beginning is not known.")
        .def(
            "path", [](const CellPaths& cells) { return array_of(cells.path()); },
            "Where the cells are, float64 [cells, 2].")
        .def(
            "seen", [](const CellPaths& cells) { return array_of(cells.seen()); },
            "Which cells say something now, bool [cells].");
    py::class_<PathHistory>(module, "PathHistory", kHistoryDoc)
        .def(py::init(&history_of), py::arg("members"), py::arg("evidence"), py::arg("brows"),
             py::arg("upper_lids"), py::arg("lower_lids"), py::arg("keep_ns"), py::arg("least_px"),
             py::arg("factor"))
        .def("restart", &PathHistory::restart, "Forgets the paths; the noise stays.")
        .def("add", &add_to_history, py::arg("timestamp_ns"), py::arg("index"), py::arg("since_ns"),
             py::arg("vectors"), py::arg("confidence"), py::arg("axes"), py::arg("deviation"),
             "Takes a motion; 0 where it does not join what is known, 2 where it completes a hump, "
             "else 1.")
        .def("learn_noise", &PathHistory::learn_noise,
             "Counts the newest row as one of a still face.")
        .def("moves", &PathHistory::moves, py::arg("least_px"), py::arg("factor"),
             "Whether a cell that is evidence is beyond both.")
        .def("hump", &hump_of,
             "A short movement that the newest row completes: its times, clearness and clearest "
             "cell, its height [cells, 2] and noise [evidence, 2]; or None.")
        .def("span_ns", &PathHistory::span_ns, "Time from the oldest to the newest row.")
        .def(
            "speed", [](const PathHistory& history) { return array_of(history.speed()); },
            "Displacement over the last tenth of a second, float64 [cells, 2].")
        .def(
            "trusted", [](const PathHistory& history) { return array_of(history.trusted()); },
            "Which cells' speed says something now, bool [cells].")
        .def(
            "noise", [](const PathHistory& history) { return array_of(history.noise()); },
            "Deviations of the still face's speed, float64 [cells, 2].")
        .def(
            "wary_noise", [](const PathHistory& history) { return array_of(history.wary_noise()); },
            "As `noise`, or what was usual of late where that is more, up to half as much again.")
        .def(
            "blink_leak",
            [](const PathHistory& history) -> py::object {
                const std::vector<double>& leak = history.blink_leak();
                if (leak.empty()) return py::none();
                return py::array_t<double>(static_cast<py::ssize_t>(leak.size()), leak.data());
            },
            "What a blink may explain of each cell's way, float64 [cells]; None while too few were "
            "seen.")
        .def("since", &rows_since, py::arg("time_ns"),
             "Times, indices, paths and blinks of the rows from some time on.");
}

}  // namespace mol_edge::bindings
