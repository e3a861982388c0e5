#include "mol_edge/isa.h"

#include "mol_edge/error.h"

#include "register.h"

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>
#include <vector>

namespace py = pybind11;

namespace mol_edge::bindings {
namespace {

std::vector<std::string> isa_names() {
    std::vector<std::string> names;
    for (const Isa isa : available_isas()) names.emplace_back(name(isa));
    return names;
}

void set_isa(const std::string& wanted) {
    for (const Isa isa : available_isas()) {
        if (name(isa) == wanted) return use_isa(isa);
    }
    throw OptionError("name must be one of _core._isas(), got '" + wanted + "'.");
}

}  // namespace

void register_isa(py::module_& module) {
    module.def("_adds_bytes_exactly", &adds_bytes_exactly,
               "Whether this processor adds products of bytes without saturation.");
    module.def("_isas", &isa_names, "Instruction sets that this processor runs, the fastest last.");
    module.def(
        "_isa", [] { return std::string(name(current_isa())); }, "The instruction set in use.");
    module.def("_set_isa", &set_isa, py::arg("name"),
               "Use an instruction set in all threads: one of `_isas()`.");
}

}  // namespace mol_edge::bindings
