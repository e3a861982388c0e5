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

constexpr const char* kDoc = R"(Probabilities of each row of logits.

Args:
    logits: float32 [N, classes].

Returns:
    float32 [N, classes]; each row sums to 1.

Raises:
    ArrayError: wrong type, shape or strides.

Example:
    >>> import numpy as np
    >>> from mol_edge import _core
    >>> _core.softmax(np.array([[1000, 1000]], np.float32))
    array([[0.5, 0.5]], dtype=float32)
)";

}  // namespace

void register_softmax(py::module_& module) {
    module.def("softmax", &probabilities, py::arg("logits"), kDoc);
}

}  // namespace mol_edge::bindings
