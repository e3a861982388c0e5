#include "mol_edge/network.h"

#include "mol_edge/error.h"

#include "arrays.h"
#include "gil.h"
#include "network/byte_kernels.h"
#include "register.h"

#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace py = pybind11;

namespace mol_edge::bindings {
namespace {

using Floats = ArrayArgument<float>;

/// What is passed for a batch: the array, and where its items lie.
struct Items {
    py::array array;
    float* data;
    py::ssize_t step;

    [[nodiscard]] float* at(py::ssize_t item) const { return data + item * step; }
    [[nodiscard]] py::ssize_t count() const { return array.shape(0); }
};

Items of_batch(const py::array& array, const Expected& expected) {
    if (array.shape(0) == 0) {
        throw ArrayError(std::string(expected.name) + " must hold one item or more, got none.");
    }
    // Inputs are only read; `outputs_of` checks what is written.
    auto* const data = const_cast<float*>(static_cast<const float*>(array.data()));
    return {array, data, array.size() / array.shape(0)};
}

Items items_of(const Floats& argument, const Expected& expected) {
    return of_batch(contiguous(argument, expected), expected);
}

Items outputs_of(const Floats& argument, const Expected& expected) {
    Items items = items_of(argument, expected);
    check_writeable(items.array, expected);
    return items;
}

/// Maps [N, channels, height, width] of a batch, in either order of `HandedMap`.
struct Maps {
    Items items;
    bool by_pixels;

    [[nodiscard]] MapOut out(py::ssize_t item) const { return {items.at(item), by_pixels}; }
    [[nodiscard]] MapIn in(py::ssize_t item) const { return {items.at(item), by_pixels}; }
};

/// Whether the channels of each pixel lie side by side, and nothing between pixels and items.
bool lies_by_pixels(const py::array& array) {
    const bool aligned = (array.flags() & py::detail::npy_api::NPY_ARRAY_ALIGNED_) != 0;
    py::ssize_t step = array.itemsize();
    bool fits = aligned && array.ndim() == 4;
    for (const int axis : {1, 3, 2, 0}) {
        fits = fits && (array.strides(axis) == step || array.shape(axis) == 1);
        if (fits) step *= array.shape(axis);
    }
    return fits;
}

Maps maps_of(const Floats& argument, const Expected& expected) {
    const py::array array = checked_array(argument, py::dtype::of<float>(), expected);
    const bool by_planes = (array.flags() & py::array::c_style) != 0;
    if (by_planes || !lies_by_pixels(array)) return {items_of(argument, expected), false};
    return {of_batch(array, expected), true};
}

Maps outputs_of_maps(const Floats& argument, const Expected& expected) {
    Maps maps = maps_of(argument, expected);
    check_writeable(maps.items.array, expected);
    return maps;
}

/// A graph of weights by name, which it copies into an order of its own.
template <class Graph, class... Options>
std::unique_ptr<Graph> graph_of(const py::dict& weights, Options... options) {
    std::vector<py::array> kept;
    Weights table;
    for (const auto& [name, value] : weights) {
        const std::string text = py::cast<std::string>(name);
        const bool fits =
            py::isinstance<py::array>(value) &&
            py::reinterpret_borrow<py::array>(value).dtype().equal(py::dtype::of<float>());
        if (!fits) {
            throw ArrayError("The weight " + text + " must be a NumPy array of float32, got " +
                             describe(py::reinterpret_borrow<py::object>(value)) + ".");
        }
        auto array = py::reinterpret_borrow<py::array>(value);
        check_contiguous(array, {text.c_str(), {}, ""});
        const std::vector<int> shape(array.shape(), array.shape() + array.ndim());
        table[text] = {shape, elements<float>(array)};
        kept.push_back(std::move(array));
    }
    const WithoutGil unlocked;
    return std::make_unique<Graph>(table, options...);
}

void run_features(FeaturesGraph& graph, Team& team, const Floats& frames, const Floats& first,
                  const Floats& second, const Floats& parts, const Floats& landmarks) {
    const Items in = items_of(frames, {"frames", {kAny, 1, 128, 128}, "(N, 1, 128, 128)"});
    const py::ssize_t n = in.count();
    const Maps out1 = outputs_of_maps(first, {"first", {n, 128, 16, 16}, "(N, 128, 16, 16)"});
    const Maps out2 = outputs_of_maps(second, {"second", {n, 128, 16, 16}, "(N, 128, 16, 16)"});
    const Items out3 = outputs_of(parts, {"parts", {n, 6, 32, 8, 8}, "(N, 6, 32, 8, 8)"});
    const Items out4 = outputs_of(landmarks, {"landmarks", {n, 136}, "(N, 136)"});
    const WithoutGil unlocked;
    for (py::ssize_t i = 0; i < n; ++i) {
        graph.run(team, in.at(i), out1.out(i), out2.out(i), out3.at(i), out4.at(i));
    }
}

void run_encoder(EncoderGraph& graph, Team& team, const Floats& frames, const Floats& enc2,
                 const Floats& enc3) {
    const Items in = items_of(frames, {"frames", {kAny, 1, 128, 128}, "(N, 1, 128, 128)"});
    const py::ssize_t n = in.count();
    const Maps out2 =
        outputs_of_maps(enc2, {"enc2", {n, graph.channels2(), 32, 32}, "(N, C, 32, 32)"});
    const Maps out3 =
        outputs_of_maps(enc3, {"enc3", {n, graph.channels3(), 16, 16}, "(N, C, 16, 16)"});
    const WithoutGil unlocked;
    for (py::ssize_t i = 0; i < n; ++i) graph.run(team, in.at(i), out2.out(i), out3.out(i));
}

void run_flow(FlowGraph& graph, Team& team, const Floats& frames, const Floats& enc2,
              const Floats& enc3, const Floats& enc3_next, const Floats& first,
              const Floats& second_next, const Floats& flow) {
    const Items frame = items_of(frames, {"frames", {kAny, 1, 128, 128}, "(N, 1, 128, 128)"});
    const py::ssize_t n = frame.count();
    const py::ssize_t c = graph.channels3();
    const Maps in2 = maps_of(enc2, {"enc2", {n, graph.channels2(), 32, 32}, "(N, C, 32, 32)"});
    const Maps in3 = maps_of(enc3, {"enc3", {n, c, 16, 16}, "(N, C, 16, 16)"});
    const Maps next = maps_of(enc3_next, {"enc3_next", {n, c, 16, 16}, "(N, C, 16, 16)"});
    const Maps in4 = maps_of(first, {"first", {n, 128, 16, 16}, "(N, 128, 16, 16)"});
    const Maps in5 = maps_of(second_next, {"second_next", {n, 128, 16, 16}, "(N, 128, 16, 16)"});
    const Items out = outputs_of(flow, {"flow", {n, 2, 128, 128}, "(N, 2, 128, 128)"});
    const WithoutGil unlocked;
    std::vector<FlowGraph::Inputs> pairs;
    for (py::ssize_t i = 0; i < n; ++i) {
        pairs.push_back({frame.at(i), in2.in(i), in3.in(i), next.in(i), in4.in(i), in5.in(i)});
    }
    graph.run(team, pairs, out.data);
}

constexpr py::ssize_t kSamples = HeadGraph::kSamples;
constexpr py::ssize_t kSampleSize = 6 * 32 * 8 * 8;

void run_head(HeadGraph& graph, Team& team, const Floats& parts, const Floats& logits) {
    const Items in = items_of(parts, {"parts", {kAny, 8, 6, 32, 8, 8}, "(N, 8, 6, 32, 8, 8)"});
    const py::ssize_t n = in.count();
    const Items out = outputs_of(logits, {"logits", {n, graph.classes()}, "(N, classes)"});
    const WithoutGil unlocked;
    for (py::ssize_t i = 0; i < n; ++i) {
        HeadGraph::Samples samples{};
        for (py::ssize_t s = 0; s < kSamples; ++s) samples[s] = in.at(i) + s * kSampleSize;
        graph.run(team, samples, out.at(i));
    }
}

void run_head_of_rows(HeadGraph& graph, Team& team, const Floats& store,
                      const std::vector<std::array<py::ssize_t, kSamples>>& windows,
                      const Floats& logits) {
    const Items in = items_of(store, {"store", {kAny, 6, 32, 8, 8}, "(rows, 6, 32, 8, 8)"});
    const auto n = static_cast<py::ssize_t>(windows.size());
    const Items out = outputs_of(logits, {"logits", {n, graph.classes()}, "(N, classes)"});
    for (const auto& window : windows) {
        for (const py::ssize_t row : window) {
            if (row >= 0 && row < in.count()) continue;
            throw ArrayError("windows must name rows from 0 to " + std::to_string(in.count() - 1) +
                             " of store, got " + std::to_string(row) + ".");
        }
    }
    const WithoutGil unlocked;
    for (py::ssize_t i = 0; i < n; ++i) {
        HeadGraph::Samples samples{};
        for (std::size_t s = 0; s < samples.size(); ++s) {
            samples[s] = in.at(windows[static_cast<std::size_t>(i)][s]);
        }
        graph.run(team, samples, out.at(i));
    }
}

constexpr const char* kTeamDoc = R"(Threads that compute graphs together; one call at a time.

Args:
    threads: from 1 to 256, the caller among them.
    awake_us: microseconds for which they look out for more work before they sleep.

Raises:
    OptionError: either is out of range.

Example:
    >>> from mol_edge import _core
    >>> _core.Team(2, 100).threads
    2
)";

constexpr const char* kGraphDoc = R"(One of the graphs of a bundle.

Args:
    weights: float32 arrays by the names that the export gives them; they are copied. A convolution
        with `NAME.steps` and `NAME.zero` is computed in bytes, see `native_bytes.plain_weights`.

Raises:
    ArrayError: a weight is missing, or of another type, shape or layout.
)";

constexpr const char* kRunDoc = R"(Compute a batch into the caller's arrays.

Args and outputs are float32, C-contiguous, named and shaped as in the bundle's manifest. Maps
[N, channels, height, width] that graphs hand to each other may also lie pixel by pixel, as the core
computes them: numpy.moveaxis(array, 3, 1) of a C-contiguous [N, height, width, channels].

Raises:
    ArrayError: wrong type, shape or strides.
)";

constexpr const char* kRowsDoc = R"(The logits of windows whose samples are rows of a store.

Args:
    team: computes them.
    store: float32 [rows, 6, 32, 8, 8], the parts of frames.
    windows: eight rows of the store for each window.
    logits: float32 [windows, classes], to be written.

Raises:
    ArrayError: wrong type, shape or strides, or a row that the store does not have.
)";

}  // namespace

void register_network(py::module_& module) {
    module.def(
        "_byte_kernels",
        [] {
            std::vector<std::string> names;
            for (const network::ByteKernels& each : network::byte_kernels()) {
                names.emplace_back(each.name);
            }
            return names;
        },
        "Ways to multiply bytes that this processor has, the one that is used last.");
    py::class_<Team>(module, "Team", kTeamDoc)
        .def(py::init<int, int>(), py::arg("threads"), py::arg("awake_us"))
        .def_property_readonly("threads", &Team::threads, "How many, the caller among them.");
    py::class_<FeaturesGraph>(module, "FeaturesGraph", kGraphDoc)
        .def(py::init(&graph_of<FeaturesGraph, int>), py::arg("weights"), py::arg("neighbours"))
        .def_property_readonly("layers_in_bytes", &FeaturesGraph::layers_in_bytes,
                               "Convolutions that are computed in bytes.")
        .def("run", &run_features, py::arg("team"), py::arg("frames"), py::arg("first"),
             py::arg("second"), py::arg("parts"), py::arg("landmarks"), kRunDoc);
    py::class_<EncoderGraph>(module, "EncoderGraph", kGraphDoc)
        .def(py::init(&graph_of<EncoderGraph>), py::arg("weights"))
        .def_property_readonly("layers_in_bytes", &EncoderGraph::layers_in_bytes,
                               "Convolutions that are computed in bytes.")
        .def("run", &run_encoder, py::arg("team"), py::arg("frames"), py::arg("enc2"),
             py::arg("enc3"), kRunDoc);
    py::class_<FlowGraph>(module, "FlowGraph", kGraphDoc)
        .def(py::init(&graph_of<FlowGraph>), py::arg("weights"))
        .def_property_readonly("layers_in_bytes", &FlowGraph::layers_in_bytes,
                               "Convolutions that are computed in bytes.")
        .def("run", &run_flow, py::arg("team"), py::arg("frames"), py::arg("enc2"), py::arg("enc3"),
             py::arg("enc3_next"), py::arg("first"), py::arg("second_next"), py::arg("flow"),
             kRunDoc);
    py::class_<HeadGraph>(module, "HeadGraph", kGraphDoc)
        .def(py::init(&graph_of<HeadGraph>), py::arg("weights"))
        .def("run", &run_head, py::arg("team"), py::arg("parts"), py::arg("logits"), kRunDoc)
        .def("run_rows", &run_head_of_rows, py::arg("team"), py::arg("store"), py::arg("windows"),
             py::arg("logits"), kRowsDoc);
}

}  // namespace mol_edge::bindings
