#include "gil.h"

#include "register.h"

#include <atomic>

namespace py = pybind11;

namespace mol_edge::bindings {
namespace {

std::atomic<int> in_flight{0};
std::atomic<int> peak{0};

}  // namespace

WithoutGil::WithoutGil() {
    const int now = ++in_flight;
    int seen = peak.load();
    while (seen < now && !peak.compare_exchange_weak(seen, now)) {
    }
}

WithoutGil::~WithoutGil() {
    --in_flight;
}

void register_gil(py::module_& module) {
    module.def(
        "_take_peak_in_flight", [] { return peak.exchange(in_flight.load()); },
        "The most calls that were inside C++ at once since this was last asked.");
}

}  // namespace mol_edge::bindings
