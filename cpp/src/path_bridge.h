#pragma once

#include "mol_edge/path_row.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace mol_edge {

/// What lies beside a blink in time is spoilt by it as well.
inline constexpr std::int64_t kBesideBlinkNs = 40'000'000;

/// The paths of the rows from `first` on, flat, in which some cells go straight from before a blink
/// to after it.
Steps bridged_paths(const std::deque<PathRow>& rows, std::size_t first,
                    const std::vector<std::size_t>& cells);

}  // namespace mol_edge
