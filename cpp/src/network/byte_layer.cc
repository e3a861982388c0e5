#include "byte_layer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mol_edge::network {
namespace {

/// Pixels of an item for which weights are waited for, rather than multiplied.
constexpr int kFewPixels = 4;
/// So many weights stay in a core's own cache, beside the pixels that they are multiplied with.
constexpr std::ptrdiff_t kCachedWeights = 1'000'000;
/// Of the squares of weights, what may be lost where they are kept in four bits.
constexpr float kMostLoss = 1.0F / 64;

}  // namespace

ByteLayer::ByteLayer(const ByteKernels& kernels, const Filter& filter, float slope, const Views& in,
                     int before, int after)
    : kernels_(kernels),
      // A row of taps must fill whole units.
      maps_(kernels, filter, in,
            {before, after, filter.width % 2 == 0 ? kByteUnit / 2 : kByteUnit, 0, 1}),
      slope_(slope),
      zero_(filter.zero),
      run_(filter.width * maps_.step()),
      items_(in.size()) {
    for (int y = 0; y < filter.height; ++y) taps_.push_back(y * maps_.row());
}

ByteLayer ByteLayer::convolution(const ByteKernels& kernels, const Filter& filter, int stride,
                                 int pad, float slope, const Views& in, const Views& out) {
    const int last = (out.front().side - 1) * stride - pad + filter.height - 1;
    ByteLayer layer(kernels, filter, slope, in, pad, std::max(0, last - (in.front().side - 1)));
    BytePart& part = layer.parts_.emplace_back();
    part.add_convolution(layer.maps_, stride, pad, 1, out);
    layer.pack(part, filter, 0, filter.outputs);
    return layer;
}

ByteLayer ByteLayer::rising(const ByteKernels& kernels, const Filter& filter, float slope,
                            const Views& in, const Views& out) {
    ByteLayer layer(kernels, filter, slope, in, 1, 1);
    for (int phase = 0; phase < 4; ++phase) {
        BytePart& part = layer.parts_.emplace_back();
        part.add_phase(layer.maps_, phase, 1, in, out);
        const int outputs = filter.outputs / 4;
        layer.pack(part, filter, phase * outputs, outputs);
    }
    return layer;
}

void ByteLayer::pack(BytePart& part, const Filter& filter, int first_output, int outputs) {
    part.outputs = outputs;
    part.panel = kernels_.panel;
    const auto columns = static_cast<std::size_t>(part.panels() * part.panel);
    part.start.assign(columns, 0);
    part.scale.assign(columns, 0);
    part.bias.assign(columns, 0);
    if (filter.bias != nullptr) {
        std::copy_n(filter.bias + first_output, outputs, part.bias.begin());
    }
    const std::ptrdiff_t weights = part.panels() * panel_size();
    part.packed = Buffer(static_cast<std::size_t>(weights) / sizeof(float));
    if (static_cast<int>(part.pixels.size() / items_) <= kFewPixels) {
        part.in_nibbles = pack_columns(part, filter, first_output, nibble_column) < kMostLoss;
    }
    if (!part.in_nibbles) {
        pack_columns(part, filter, first_output, byte_column);
        return;
    }
    auto* const packed = reinterpret_cast<std::int8_t*>(part.packed.data());
    to_nibbles(packed, weights);
    Buffer half(static_cast<std::size_t>(weights / 2) / sizeof(float));
    std::memcpy(half.data(), packed, static_cast<std::size_t>(weights / 2));
    part.packed = std::move(half);
}

float ByteLayer::pack_columns(BytePart& part, const Filter& filter, int first_output,
                              ToColumn to_column) const {
    auto* const packed = reinterpret_cast<std::int8_t*>(part.packed.data());
    const int panel = part.panel;
    const std::size_t four = 4 * static_cast<std::size_t>(panel);
    std::vector<float> line(taps_.size() * static_cast<std::size_t>(run_));
    double squares = 0;
    double errors = 0;
    for (int o = 0; o < part.outputs; ++o) {
        for (int y = 0; y < filter.height; ++y) {
            for (int x = 0; x < filter.width; ++x) {
                // Steps of pixels go into the weights, since channels may have steps of their own.
                for (int i = 0; i < filter.inputs; ++i) {
                    line[static_cast<std::size_t>(y * run_ + x * maps_.step() + i)] =
                        filter.at(first_output + o, i, y, x) * filter.steps[i];
                }
            }
        }
        std::int8_t* const to = packed + o / panel * panel_size() + o % panel * 4;
        const ByteColumn column = to_column(line, panel, to);
        const auto at = static_cast<std::size_t>(o);
        part.scale[at] = column.scale;
        part.start[at] = (kernels_.offset - static_cast<std::int32_t>(zero_)) * column.sum;
        for (std::size_t k = 0; k < line.size(); ++k) {
            const auto byte = static_cast<float>(to[k / 4 * four + k % 4]);
            const double off = double{byte * column.scale} - double{line[k]};
            errors += off * off;
            squares += double{line[k]} * double{line[k]};
        }
    }
    return squares > 0 ? static_cast<float>(errors / squares) : 0;
}

std::ptrdiff_t ByteLayer::panel_size() const {
    return static_cast<std::ptrdiff_t>(taps_.size()) * run_ * kernels_.panel;
}

const std::int8_t* ByteLayer::weights_of(const BytePart& part, int panel) const {
    const std::ptrdiff_t size = part.in_nibbles ? panel_size() / 2 : panel_size();
    return reinterpret_cast<const std::int8_t*>(part.packed.data()) + panel * size;
}

int ByteLayer::panels_of_task() const {
    const std::ptrdiff_t block = panel_size() * kernels_.rows;
    return std::clamp(static_cast<int>(kernels_.task_products / block), 1, kernels_.panels);
}

bool ByteLayer::keeps_weights() const {
    const BytePart& part = parts_.front();
    return parts_.size() > 1 && part.panels() <= kernels_.panels &&
           static_cast<std::ptrdiff_t>(parts_.size()) * part.panels() * panel_size() <
               kCachedWeights;
}

int ByteLayer::chunk_of(int rows) const {
    const int unit = kernels_.rows;
    const std::ptrdiff_t panels =
        keeps_weights() ? static_cast<std::ptrdiff_t>(parts_.size()) * parts_.front().panels()
                        : panels_of_task();
    const auto blocks = static_cast<int>(
        std::max<std::ptrdiff_t>(1, kernels_.task_products / (panels * panel_size() * unit)));
    const int chunks = (rows + blocks * unit - 1) / (blocks * unit);
    return chunks == 1 ? rows : rounded_up((rows + chunks - 1) / chunks, unit);
}

ByteLayer::Tasks ByteLayer::tasks_of(const BytePart& part, Items items) const {
    const int of_item = static_cast<int>(part.pixels.size() / items_);
    const int rows = of_item * items.count;
    const int at_once = panels_of_task();
    const int chunk = chunk_of(rows);
    return {of_item * items.first, rows, chunk, (rows + chunk - 1) / chunk,
            (part.panels() + at_once - 1) / at_once};
}

ByteTask ByteLayer::task_of(int task, Items items) const {
    for (const BytePart& part : parts_) {
        const Tasks tasks = tasks_of(part, items);
        if (task < tasks.count()) {
            const int begin = task % tasks.chunks * tasks.chunk;
            return {&part, task / tasks.chunks * panels_of_task(), tasks.first + begin,
                    std::min(tasks.chunk, tasks.rows - begin)};
        }
        task -= tasks.count();
    }
    return {nullptr, 0, 0, 0};
}

void ByteLayer::multiply(const ByteTask& task, const std::int8_t* next) const {
    const BytePart& part = *task.part;
    const int column = task.panel * part.panel;
    const int panels = keeps_weights() ? part.panels() : panels_of_task();
    const std::int8_t* const panel = weights_of(part, task.panel);
    const int most = kMostByteRows / kernels_.rows * kernels_.rows;
    for (int done = 0; done < task.count; done += most) {
        const int rows = std::min(most, task.count - done);
        const std::uint8_t* pixels[kMostByteRows];
        float* outs[kMostByteRows];
        for (int r = 0; r < rows; ++r) {
            const auto at = static_cast<std::size_t>(task.first + done + r);
            pixels[r] = maps_.bytes() + part.pixels[at];
            outs[r] = part.outs[at] + column;
        }
        kernels_.product({pixels, outs, rows, taps_.data(), static_cast<int>(taps_.size()), run_,
                          panel, part.start.data() + column, part.scale.data() + column,
                          part.bias.data() + column, slope_,
                          std::min(panels * part.panel, part.outputs - column),
                          done + rows == task.count ? next : panel, part.in_nibbles,
                          weights_of(part, 1) - weights_of(part, 0)});
    }
}

void ByteLayer::run(Team& team, Items items) {
    maps_.fill(team, items);
    if (keeps_weights()) {
        const Tasks tasks = tasks_of(parts_.front(), items);
        team.run(tasks.chunks, [&](int chunk) {
            const int begin = chunk * tasks.chunk;
            const int count = std::min(tasks.chunk, tasks.rows - begin);
            for (std::size_t i = 0; i < parts_.size(); ++i) {
                const BytePart& next = parts_[(i + 1) % parts_.size()];
                multiply({&parts_[i], 0, tasks.first + begin, count}, weights_of(next, 0));
            }
        });
        return;
    }
    int total = 0;
    for (const BytePart& part : parts_) total += tasks_of(part, items).count();
    team.run(total, [&](int task) {
        const ByteTask mine = task_of(task, items);
        const ByteTask next = task_of(task + 1, items);
        const ByteTask& after = next.part == nullptr ? mine : next;
        multiply(mine, weights_of(*after.part, after.panel));
    });
}

}  // namespace mol_edge::network
