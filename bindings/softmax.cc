#include "mol_edge/softmax.h"

#include "arrays.h"
#include "gil.h"
#include "register.h"

#include <pybind11/numpy.h>

#include <cstddef>

namespace py = pybind11;

namespace mol_edge::bindings {
namespace {

py::array_t<float> probabilities(const ArrayArgument<float>& logits) {
    const py::array array = contiguous(logits, {"logits", {kAny, kAny}, "(N, classes)"});
    const auto classes = static_cast<std::size_t>(array.shape(1));
    auto out = like<float>(array);
    const auto from = elements<float>(array);
    const auto to = elements(out);
    {
        const WithoutGil unlocked;
        softmax(from, classes, to);
    }
    return out;
}

}  // namespace

void register_softmax(py::module_& module) {
    module.def("softmax", &probabilities, py::arg("logits"));
}

}  // namespace mol_edge::bindings
