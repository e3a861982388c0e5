#include "byte_layer.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace mol_edge::network {
namespace {

/// Multiplications of one task, some ten microseconds, see `Layer`.
constexpr std::ptrdiff_t kTaskProducts = 1'000'000;
/// Pixels of an item for which weights are waited for, rather than multiplied.
constexpr int kFewPixels = 4;
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
    const auto columns = static_cast<std::size_t>(part.panels() * kBytePanel);
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
        std::int8_t* const to = packed + o / kBytePanel * panel_size() + o % kBytePanel * 4;
        const ByteColumn column = to_column(line, to);
        const auto at = static_cast<std::size_t>(o);
        part.scale[at] = column.scale;
        part.start[at] = (kernels_.offset - static_cast<std::int32_t>(zero_)) * column.sum;
        for (std::size_t k = 0; k < line.size(); ++k) {
            const auto byte = static_cast<float>(to[k / 4 * 4 * kBytePanel + k % 4]);
            const double off = double{byte * column.scale} - double{line[k]};
            errors += off * off;
            squares += double{line[k]} * double{line[k]};
        }
    }
    return squares > 0 ? static_cast<float>(errors / squares) : 0;
}

std::ptrdiff_t ByteLayer::panel_size() const {
    return static_cast<std::ptrdiff_t>(taps_.size()) * run_ * kBytePanel;
}

const std::int8_t* ByteLayer::weights_of(const BytePart& part, int panel) const {
    const std::ptrdiff_t size = part.in_nibbles ? panel_size() / 2 : panel_size();
    return reinterpret_cast<const std::int8_t*>(part.packed.data()) + panel * size;
}

int ByteLayer::chunk_of(int rows) const {
    const int unit = kernels_.rows;
    const auto blocks =
        static_cast<int>(std::max<std::ptrdiff_t>(1, kTaskProducts / (panel_size() * unit)));
    const int chunks = (rows + blocks * unit - 1) / (blocks * unit);
    return chunks == 1 ? rows : rounded_up((rows + chunks - 1) / chunks, unit);
}

ByteTask ByteLayer::task_of(int task, Items items) const {
    for (const BytePart& part : parts_) {
        const int of_item = static_cast<int>(part.pixels.size() / items_);
        const int all = of_item * items.count;
        const int chunk = chunk_of(all);
        const int chunks = (all + chunk - 1) / chunk;
        if (task < part.panels() * chunks) {
            const int begin = task % chunks * chunk;
            return {&part, task / chunks, of_item * items.first + begin,
                    std::min(chunk, all - begin)};
        }
        task -= part.panels() * chunks;
    }
    return {nullptr, 0, 0, 0};
}

void ByteLayer::multiply(const ByteTask& task, const std::int8_t* next) const {
    const BytePart& part = *task.part;
    const int column = task.panel * kBytePanel;
    const std::int8_t* const panel = weights_of(part, task.panel);
    for (int done = 0; done < task.count; done += kMostByteRows) {
        const int rows = std::min(kMostByteRows, task.count - done);
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
                          std::min(kBytePanel, part.outputs - column),
                          done + rows == task.count ? next : panel, part.in_nibbles});
    }
}

void ByteLayer::run(Team& team, Items items) {
    maps_.fill(team, items);
    int total = 0;
    for (const BytePart& part : parts_) {
        const int rows = static_cast<int>(part.pixels.size() / items_) * items.count;
        total += part.panels() * ((rows + chunk_of(rows) - 1) / chunk_of(rows));
    }
    team.run(total, [&](int task) {
        const ByteTask mine = task_of(task, items);
        const ByteTask next = task_of(task + team.threads(), items);
        const ByteTask& after = next.part == nullptr ? mine : next;
        multiply(mine, weights_of(*after.part, after.panel));
    });
}

}  // namespace mol_edge::network
