#include "layer.h"

#include "fixed_panels.h"

#include <algorithm>
#include <utility>

namespace mol_edge::network {
namespace {

/// Multiplications of one task, some ten microseconds: few enough for threads to end together, and
/// enough to be worth handing out.
constexpr std::ptrdiff_t kTaskProducts = 120'000;
/// Weights of more inputs than these do not stay in the nearest cache: a task takes as many rows as
/// a product does.
constexpr std::ptrdiff_t kNearInputs = 500;

}  // namespace

Layer Layer::convolution(const Filter& filter, int stride, int pad, float slope, const Views& in,
                         const Views& out) {
    Layer layer;
    layer.slope_ = slope;
    layer.items_ = static_cast<int>(in.size());
    for (std::size_t item = 0; item < in.size(); ++item) {
        for (int y = 0; y < out[item].side; ++y) {
            for (int x = 0; x < out[item].side; ++x) {
                layer.rows_.push_back(in[item].at(y * stride - pad, x * stride - pad));
                layer.outs_.push_back(out[item].at(y, x));
            }
        }
    }
    layer.set_taps(filter, in.front());
    layer.set_outputs(filter.outputs, filter.bias);
    layer.pack(filter, 0, filter.outputs);
    return layer;
}

Layer Layer::product(std::vector<const float*> rows, std::vector<float*> outs, int inputs,
                     int outputs) {
    Layer layer;
    layer.rows_ = std::move(rows);
    layer.outs_ = std::move(outs);
    layer.taps_ = {0};
    layer.run_ = inputs;
    layer.set_outputs(outputs, nullptr);
    return layer;
}

Layer Layer::phase(const Filter& filter, int phase, float slope, const Views& in,
                   const Views& out) {
    const int a = phase / 2;
    const int b = phase % 2;
    Layer layer;
    layer.slope_ = slope;
    layer.items_ = static_cast<int>(in.size());
    for (std::size_t item = 0; item < in.size(); ++item) {
        const View& from = in[item];
        for (int i = 1 - a; i <= from.side - a; ++i) {
            for (int j = 1 - b; j <= from.side - b; ++j) {
                layer.rows_.push_back(from.at(i - 1, j - 1));
                layer.outs_.push_back(out[item].at(2 * i - 1 + a, 2 * j - 1 + b));
            }
        }
    }
    layer.set_taps(filter, in.front());
    const int outputs = filter.outputs / 4;
    layer.set_outputs(outputs, nullptr);
    layer.pack(filter, phase * outputs, outputs);
    return layer;
}

void Layer::set_taps(const Filter& filter, const View& in) {
    // Pixels in a row follow each other where a map has no further channels.
    const bool joined = in.pixel_step == filter.inputs;
    for (int y = 0; y < filter.height; ++y) {
        for (int x = 0; x < (joined ? 1 : filter.width); ++x) {
            taps_.push_back(y * in.row_step + x * in.pixel_step);
        }
    }
    run_ = joined ? filter.width * filter.inputs : filter.inputs;
}

void Layer::set_outputs(int outputs, const float* bias) {
    outputs_ = outputs;
    width_ = outputs <= kNarrowPanel ? kNarrowPanel : kPanel;
    panel_count_ = (outputs + width_ - 1) / width_;
    bias_.assign(static_cast<std::size_t>(panel_count_ * width_), 0.0F);
    if (bias != nullptr) std::copy_n(bias, outputs, bias_.begin());
}

void Layer::pack(const Filter& filter, int first_output, int outputs) {
    packed_ = Buffer(static_cast<std::size_t>(panel_count_ * panel_size()));
    for (int o = 0; o < outputs; ++o) {
        float* to = packed_.data() + o / width_ * panel_size() + o % width_;
        for (int y = 0; y < filter.height; ++y) {
            for (int x = 0; x < filter.width; ++x) {
                for (int i = 0; i < filter.inputs; ++i, to += width_) {
                    *to = filter.at(first_output + o, i, y, x);
                }
            }
        }
    }
    panels_ = packed_.data();
    fix();
}

void Layer::fix() {
    const bool waits = width_ == kPanel && rows_of_item() <= kMostFixedRows &&
                       static_cast<std::ptrdiff_t>(packed_.size()) >= kFewestFixedWeights;
    if (!waits) return;
    const auto taps = static_cast<int>(taps_.size());
    auto fixed = FixedPanels::of(packed_.data(), panel_count_, taps, run_);
    if (!fixed) return;
    packed_ = std::move(fixed->words);
    steps_ = std::move(fixed->steps);
    panels_ = packed_.data();
}

int Layer::rows_of_item() const {
    return static_cast<int>(rows_.size()) / items_;
}

int Layer::chunk_of(const Kernels& kernels, int rows) const {
    if (!steps_.empty()) return rows;
    const int unit = width_ == kPanel ? kernels.rows : kNarrowRows;
    const std::ptrdiff_t inputs = static_cast<std::ptrdiff_t>(taps_.size()) * run_;
    const std::ptrdiff_t block = panel_size() * panels_of_task(kernels) * unit;
    const auto few = static_cast<int>(std::max<std::ptrdiff_t>(1, kTaskProducts / block)) * unit;
    const int most = width_ == kPanel && inputs >= kNearInputs ? kMostRows : few;
    const int chunks = (rows + most - 1) / most;
    // Chunks of one size, so that none is a rest.
    const int even = (rows + chunks - 1) / chunks;
    return chunks == 1 ? rows : (even + unit - 1) / unit * unit;
}

int Layer::panels_of_task(const Kernels& kernels) const {
    return width_ == kPanel ? kernels.panels : 1;
}

int Layer::groups_of(const Kernels& kernels) const {
    const int at_once = panels_of_task(kernels);
    return (panel_count_ + at_once - 1) / at_once;
}

int Layer::tasks(const Kernels& kernels, Items items) const {
    const int rows = rows_of_item() * items.count;
    const int chunk = chunk_of(kernels, rows);
    return groups_of(kernels) * ((rows + chunk - 1) / chunk);
}

std::ptrdiff_t Layer::panel_size() const {
    const auto taps = static_cast<int>(taps_.size());
    return steps_.empty() ? static_cast<std::ptrdiff_t>(taps) * run_ * width_
                          : fixed_panel_size(taps, run_);
}

void Layer::run_task(const Kernels& kernels, Items items, int task, int next_task) const {
    const int all = rows_of_item() * items.count;
    const int chunk = chunk_of(kernels, all);
    const int chunks = (all + chunk - 1) / chunk;
    const int groups = groups_of(kernels);
    const int group = task / chunks;
    const int panel = panel_count_ * group / groups;
    const int end = panel_count_ * (group + 1) / groups;
    const int begin = task % chunks * chunk;
    const int count = std::min(chunk, all - begin);
    const int first = rows_of_item() * items.first + begin;
    const int column = panel * width_;
    const float* const from = panels_ + panel * panel_size();
    const int following = next_task / chunks;
    const int next = following < groups ? panel_count_ * following / groups : panel;
    for (int done = 0; done < count; done += kMostRows) {
        const int rows = std::min(kMostRows, count - done);
        const bool last = done + rows == count;
        float* outs[kMostRows];
        for (int r = 0; r < rows; ++r) {
            outs[r] = outs_[static_cast<std::size_t>(first + done + r)] + column;
        }
        kernels.product({rows_.data() + first + done, outs, rows, taps_.data(),
                         static_cast<int>(taps_.size()), run_, from, bias_.data() + column, slope_,
                         std::min((end - panel) * width_, outputs_ - column),
                         width_ == kNarrowPanel, last ? panels_ + next * panel_size() : from,
                         panel_size(), steps_.empty() ? nullptr : steps_.data() + column});
    }
}

void run_layers(Team& team, const Kernels& kernels, std::span<const Layer> layers, Items items) {
    int total = 0;
    for (const Layer& layer : layers) total += layer.tasks(kernels, items);
    team.run(total, [&](int task) {
        const Layer* layer = layers.data();
        while (task >= layer->tasks(kernels, items)) task -= (layer++)->tasks(kernels, items);
        layer->run_task(kernels, items, task, task + 1);
    });
}

void run_layers(Team& team, const Kernels& kernels, std::initializer_list<const Layer*> layers,
                Items items) {
    int total = 0;
    for (const Layer* layer : layers) total += layer->tasks(kernels, items);
    team.run(total, [&](int task) {
        const Layer* const* layer = layers.begin();
        while (task >= (*layer)->tasks(kernels, items)) task -= (*layer++)->tasks(kernels, items);
        (*layer)->run_task(kernels, items, task, task + 1);
    });
}

}  // namespace mol_edge::network
