#include "mol_edge/error.h"

#include "register.h"

#include <pybind11/pybind11.h>

#include <exception>

namespace py = pybind11;

namespace mol_edge::bindings {
namespace {

// Live as long as the process: exceptions may be raised until the interpreter ends.
py::handle array_error;
py::handle option_error;

void translate(std::exception_ptr pointer) {
    try {
        if (pointer) std::rethrow_exception(pointer);
    } catch (const ArrayError& error) {
        PyErr_SetString(array_error.ptr(), error.what());
    } catch (const OptionError& error) {
        PyErr_SetString(option_error.ptr(), error.what());
    }
}

}  // namespace

void register_errors(py::module_&) {
    const py::module_ errors = py::module_::import("mol_edge.errors");
    array_error = py::object(errors.attr("ArrayError")).release();
    option_error = py::object(errors.attr("OptionError")).release();
    py::register_exception_translator(&translate);
}

}  // namespace mol_edge::bindings
