#pragma once

#include "mol_edge/steps.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace mol_edge {

/// Rows of a path history, oldest first; `paths` holds `cells` steps for each.
struct PathRows {
    std::span<const std::int64_t> times_ns, indices;
    std::span<const Step> paths;
    std::span<const bool> blinks;
    std::size_t cells = 0;
};

/// A movement so far; all but `ended` only of one that has ended.
struct Hump {
    /// Whether it has come back and rests.
    bool ended = false;
    std::int64_t onset_ns = 0, apex_ns = 0, offset_ns = 0;
    std::int64_t onset = 0, apex = 0, offset = 0;
    double period_ms = 0;
    /// Whether a blink fell into it.
    bool blinked = false;
    /// How far from where it came it rests, and how far the same pattern goes before and after it,
    /// in parts of its height.
    double step = 0, beside = 0;
    /// Share of its motion's energy that follows its pattern, rather than several.
    double explained = 1;
    /// Displacement of the cells at its height, pixels.
    Steps peak;
};

/// Measures the movement that began about then; nothing while there is too little of it. `noise` is
/// of each cell, the first `evidence` cells tell of a movement. Throws ArrayError where sizes
/// differ.
std::optional<Hump> measure_hump(const PathRows& rows, std::int64_t began_ns,
                                 std::span<const Step> noise, std::size_t evidence);

}  // namespace mol_edge
