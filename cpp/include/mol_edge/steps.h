#pragma once

#include <vector>

namespace mol_edge {

/// A displacement in the plane of a crop, pixels.
struct Step {
    double x = 0, y = 0;
};
using Steps = std::vector<Step>;

}  // namespace mol_edge
