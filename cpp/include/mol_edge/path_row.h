#pragma once

#include "mol_edge/steps.h"

#include <cstdint>

namespace mol_edge {

/// One frame of a path history.
struct PathRow {
    std::int64_t timestamp_ns = 0, index = 0;
    Steps path, speed;
    bool blink = false, still = false;
};

}  // namespace mol_edge
