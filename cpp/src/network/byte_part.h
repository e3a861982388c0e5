#pragma once

#include "buffer.h"
#include "byte_kernels.h"
#include "byte_maps.h"
#include "map.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mol_edge::network {

/// Some outputs of a layer in bytes for all pixels or tiles, of weights of their own.
struct BytePart {
    /// The first pixel that each reads, see `ByteMaps::at`, and its first output.
    std::vector<std::ptrdiff_t> pixels;
    std::vector<float*> outs;
    /// By column, and in tiles by point and column.
    std::vector<std::int32_t> start;
    std::vector<float> scale;
    std::vector<float> bias;
    Buffer packed;
    int outputs = 0;
    /// Columns of a panel.
    int panel = kBytePanel;
    bool in_nibbles = false;

    [[nodiscard]] int panels() const { return (outputs + panel - 1) / panel; }

    /// A convolution's outputs, each `every`th of a row and a column.
    void add_convolution(const ByteMaps& maps, int stride, int pad, int every, const Views& out);
    /// Those of a phase of a transposed convolution, see `Layer::phase`.
    void add_phase(const ByteMaps& maps, int phase, int every, const Views& in, const Views& out);
};

/// Which weights of a part a task takes, and which of its pixels or tiles.
struct ByteTask {
    const BytePart* part;
    int panel;
    int first;
    int count;
};

}  // namespace mol_edge::network
