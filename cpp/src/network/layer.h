#pragma once

#include "mol_edge/team.h"

#include "buffer.h"
#include "kernels.h"
#include "map.h"
#include "weights.h"

#include <cstddef>
#include <initializer_list>
#include <span>
#include <vector>

namespace mol_edge::network {

/// A convolution as products of pixels with panels of its weights: where each pixel's inputs lie
/// and where its outputs go is found out once, so that nothing is copied to be multiplied.
class Layer {
  public:
    Layer() = default;

    /// A convolution of the first `filter.inputs` channels of `in`, for as many items as there are
    /// views, which share each panel of weights.
    static Layer convolution(const Filter& filter, int stride, int pad, float slope,
                             const Views& in, const Views& out);

    /// Rows of `rows` times a matrix whose panels are given later, see `set_panels`.
    static Layer product(std::vector<const float*> rows, std::vector<float*> outs, int inputs,
                         int outputs);

    /// One of the four phases of a transposed convolution of kernel 4 and stride 2, whose kernels
    /// of 2 x 2 lie in `filter` one after the other: pixels (2i - 1 + a, 2j - 1 + b) of `out`, for
    /// phase 2a + b.
    static Layer phase(const Filter& filter, int phase, float slope, const Views& in,
                       const Views& out);

    void set_panels(const float* panels) { panels_ = panels; }

    /// Tasks of some items, which `run_task` can do in any order.
    [[nodiscard]] int tasks(const Kernels& kernels, Items items) const;
    /// `next_task`: the one that this thread will probably do next, whose weights are fetched.
    void run_task(const Kernels& kernels, Items items, int task, int next_task) const;

  private:
    void set_taps(const Filter& filter, const View& in);
    void set_outputs(int outputs, const float* bias);
    void pack(const Filter& filter, int first_output, int outputs);
    /// Brings the weights to fixed point where that pays.
    void fix();
    [[nodiscard]] int panels_of_task(const Kernels& kernels) const;
    /// Groups of panels, of nearly the same size.
    [[nodiscard]] int groups_of(const Kernels& kernels) const;
    /// Rows that a task takes of so many.
    [[nodiscard]] int chunk_of(const Kernels& kernels, int rows) const;
    [[nodiscard]] int rows_of_item() const;
    [[nodiscard]] std::ptrdiff_t panel_size() const;

    std::vector<const float*> rows_;
    std::vector<float*> outs_;
    std::vector<std::ptrdiff_t> taps_;
    int run_ = 0;
    int outputs_ = 0;
    int width_ = kPanel;
    float slope_ = 1;
    Buffer packed_;
    std::vector<float> bias_;
    /// By column, where the weights are in fixed point.
    std::vector<float> steps_;
    const float* panels_ = nullptr;
    int panel_count_ = 0;
    int items_ = 1;
};

/// Runs layers that do not depend on each other, for some items of a batch.
void run_layers(Team& team, const Kernels& kernels, std::span<const Layer> layers,
                Items items = {});
void run_layers(Team& team, const Kernels& kernels, std::initializer_list<const Layer*> layers,
                Items items = {});

}  // namespace mol_edge::network
