#pragma once

#include "mol_edge/team.h"

#include "byte_column.h"
#include "byte_kernels.h"
#include "byte_maps.h"
#include "byte_part.h"
#include "map.h"
#include "weights.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mol_edge::network {

/// A convolution whose pixels and weights are brought to bytes, and whose sums are exact in 32
/// bits: out = activation(bias + step of the pixels * step of the weight * sum). What it reads and
/// writes are maps of floats, as of any layer. Where a map has so few pixels that its weights are
/// waited for, these are kept in four bits, if that does not change them much.
class ByteLayer {
  public:
    /// As `Layer::convolution`; the filter must be in bytes, see `Filter::in_bytes`.
    static ByteLayer convolution(const ByteKernels& kernels, const Filter& filter, int stride,
                                 int pad, float slope, const Views& in, const Views& out);
    /// As the four of `Layer::phase`.
    static ByteLayer rising(const ByteKernels& kernels, const Filter& filter, float slope,
                            const Views& in, const Views& out);

    /// For some items of a batch.
    void run(Team& team, Items items = {});

  private:
    ByteLayer(const ByteKernels& kernels, const Filter& filter, float slope, const Views& in,
              int before, int after);
    using ToColumn = ByteColumn (*)(const std::vector<float>& weights, int panel, std::int8_t* to);
    void pack(BytePart& part, const Filter& filter, int first_output, int outputs);
    /// Returns what the squares of the weights' errors are of the weights' own.
    float pack_columns(BytePart& part, const Filter& filter, int first_output,
                       ToColumn to_column) const;
    /// Weights of a panel.
    [[nodiscard]] std::ptrdiff_t panel_size() const;
    [[nodiscard]] const std::int8_t* weights_of(const BytePart& part, int panel) const;
    /// How a part's rows and panels are shared out.
    struct Tasks {
        int first;
        int rows;
        /// Rows of a task, and how many such there are.
        int chunk;
        int chunks;
        /// Of panels.
        int groups;

        [[nodiscard]] int count() const { return chunks * groups; }
    };
    [[nodiscard]] int panels_of_task() const;
    /// Whether some rows are multiplied with the weights of all parts before the next rows, since
    /// these stay in the caches: parts write to the same lines of memory.
    [[nodiscard]] bool keeps_weights() const;
    [[nodiscard]] int chunk_of(int rows) const;
    [[nodiscard]] Tasks tasks_of(const BytePart& part, Items items) const;
    [[nodiscard]] ByteTask task_of(int task, Items items) const;
    void multiply(const ByteTask& task, const std::int8_t* next) const;

    ByteKernels kernels_;
    ByteMaps maps_;
    float slope_;
    float zero_;
    /// Bytes of a row of taps.
    int run_;
    std::size_t items_;
    std::vector<std::ptrdiff_t> taps_;
    std::vector<BytePart> parts_;
};

}  // namespace mol_edge::network
