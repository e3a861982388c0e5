#include "register.h"

#include <pybind11/pybind11.h>

PYBIND11_MODULE(_core, module) {
    using namespace mol_edge::bindings;
    module.doc() = "The C++ core: alignment, crops, coordinates and pictures of flow.";
    register_errors(module);
    register_gil(module);
    register_isa(module);
    register_geometry(module);
    register_crop(module);
    register_five_points(module);
    register_flow_color(module);
    register_head_patches(module);
    register_hump(module);
    register_motion(module);
    register_motion_stream(module);
    register_network(module);
    register_path_history(module);
    register_similarity(module);
    register_softmax(module);
}
