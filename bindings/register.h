#pragma once

#include <pybind11/pybind11.h>

namespace mol_edge::bindings {

void register_errors(pybind11::module_& module);
void register_isa(pybind11::module_& module);
void register_geometry(pybind11::module_& module);
void register_crop(pybind11::module_& module);
void register_five_points(pybind11::module_& module);
void register_flow_color(pybind11::module_& module);
void register_head_patches(pybind11::module_& module);
void register_hump(pybind11::module_& module);
void register_motion(pybind11::module_& module);
void register_motion_stream(pybind11::module_& module);
void register_network(pybind11::module_& module);
void register_path_history(pybind11::module_& module);
void register_similarity(pybind11::module_& module);
void register_softmax(pybind11::module_& module);
void register_gil(pybind11::module_& module);

}  // namespace mol_edge::bindings
