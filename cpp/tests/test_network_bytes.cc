#include "catch.h"
#include "network/byte_column.h"
#include "network/byte_kernels.h"
#include "network/byte_layer.h"
#include "network/convolution.h"
#include "network/map.h"
#include "network_cases.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace mol_edge::network {
namespace {

/// What rounding of weights leaves of sums near 1.
constexpr float kNear = 0.03F;

/// Where a byte of a column lies in a panel of so many columns.
std::size_t place(std::size_t k, std::size_t column, std::size_t columns = kBytePanel) {
    return (k / 4 * columns + column) * 4 + k % 4;
}

struct Panel {
    /// Columns of noise, or, with `limit`, of the largest weights that sums of 16 bits allow.
    Panel(std::size_t inputs, std::size_t columns, bool limit, bool in_nibbles)
        : bytes(inputs * columns), scale(columns), bias(noise(columns, 9)) {
        for (std::size_t column = 0; column < columns; ++column) {
            std::vector<float> weights = noise(inputs, static_cast<std::uint32_t>(column) + 1);
            if (limit) std::fill(weights.begin(), weights.end(), column % 2 == 0 ? 1.0F : -1.0F);
            const auto to_column = in_nibbles ? nibble_column : byte_column;
            const ByteColumn made = to_column(weights, static_cast<int>(columns),
                                              bytes.data() + place(0, column, columns));
            scale[column] = made.scale;
            sums.push_back(made.sum);
        }
    }

    std::vector<std::int8_t> bytes;
    std::vector<std::int32_t> sums;
    std::vector<float> scale;
    std::vector<float> bias;
};

TEST_CASE("a column of bytes is as fine as sums of 16 bits allow") {
    const bool dense = GENERATE(false, true);
    std::vector<float> weights = noise(96, 3);
    // One large weight among small ones takes all of a byte; many of one sign share 16 bits.
    if (!dense) {
        for (float& weight : weights) weight *= 0.1F;
        std::fill_n(weights.begin() + kByteUnit, kByteUnit, 0.0F);
        weights[17] = -1;
    } else {
        for (float& weight : weights) weight = std::fabs(weight);
    }
    std::vector<std::int8_t> bytes(weights.size() * kBytePanel);
    const ByteColumn column = byte_column(weights, kBytePanel, bytes.data() + place(0, 5));
    std::int32_t sum = 0;
    int sums[4] = {};
    int largest = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
        const int byte = bytes[place(k, 5)];
        CHECK(std::fabs(static_cast<float>(byte) * column.scale - weights[k]) <=
              0.501F * column.scale);
        sum += byte;
        if (k % kByteUnit == 0) std::fill_n(sums, 4, 0);
        int& part = sums[k % 4 / 2 + (byte < 0 ? 2 : 0)];
        part += std::abs(byte);
        largest = std::max(largest, part);
        CHECK(bytes[place(k, 4)] == 0);
    }
    CHECK(sum == column.sum);
    CHECK(largest <= kMostByteSum);
    if (dense) {
        CHECK(largest >= kMostByteSum * 9 / 10);
    } else {
        CHECK(bytes[place(17, 5)] == -kMostByteWeight);
    }
}

TEST_CASE("a column of zeros has bytes of zeros") {
    std::vector<std::int8_t> bytes(kByteUnit * kBytePanel);
    const ByteColumn column =
        byte_column(std::vector<float>(kByteUnit, 0.0F), kBytePanel, bytes.data());
    CHECK(column.scale == 0);
    CHECK(column.sum == 0);
    CHECK(std::count(bytes.begin(), bytes.end(), 0) == kByteUnit * kBytePanel);
}

TEST_CASE("weights too small for a step are zeros") {
    std::vector<float> weights(kByteUnit, 0.0F);
    const float tiny = GENERATE(128.0F, 150.0F, 1e5F) * std::numeric_limits<float>::denorm_min();
    weights[3] = tiny;
    std::vector<std::int8_t> bytes(kByteUnit * kBytePanel);
    const ByteColumn column = byte_column(weights, kBytePanel, bytes.data());
    CHECK(column.scale == 0);
    CHECK(std::count(bytes.begin(), bytes.end(), 0) == kByteUnit * kBytePanel);
}

TEST_CASE("a column of four bits has the step of the least squared error") {
    std::vector<float> weights = noise(96, 3);
    // A few weights are far larger than most.
    const float largest = GENERATE(1.0F, 2.0F);
    weights[17] = -largest;
    std::vector<std::int8_t> bytes(weights.size() * kBytePanel);
    const ByteColumn column = nibble_column(weights, kBytePanel, bytes.data() + place(0, 5));
    const auto error_of = [&](float scale) {
        float error = 0;
        for (const float weight : weights) {
            const float whole = std::clamp(std::nearbyintf(weight / scale), -7.0F, 7.0F);
            error += (whole * scale - weight) * (whole * scale - weight);
        }
        return error;
    };
    std::int32_t sum = 0;
    float error = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
        const int byte = bytes[place(k, 5)];
        CHECK(std::abs(byte) <= kMostNibbleWeight);
        const float off = static_cast<float>(byte) * column.scale - weights[k];
        error += off * off;
        sum += byte;
        CHECK(bytes[place(k, 4)] == 0);
    }
    CHECK(sum == column.sum);
    CHECK(bytes[place(17, 5)] == -kMostNibbleWeight);
    CHECK(std::fabs(error - error_of(column.scale)) < 1e-5F);
    for (int i = 1; i <= 20; ++i) {
        CHECK(error < 1.15F * error_of(largest / 7 * static_cast<float>(i) / 20));
    }
    CHECK(nibble_column(std::vector<float>(kByteUnit, 0.0F), kBytePanel, bytes.data()).scale == 0);
}

TEST_CASE("every processor's product of bytes is exact") {
    const std::size_t which = GENERATE(range(std::size_t{0}, byte_kernels().size()));
    const ByteKernels& kernels = byte_kernels()[which];
    CAPTURE(std::string(kernels.name));
    const bool limit = GENERATE(false, true);
    struct Case {
        int rows, taps, run, columns;
    };
    // Pieces of taps and of parts of taps, columns that are not written, and blocks of every size.
    std::vector<Case> cases{
        {1, 1, 16, 16}, {48, 2, 1040, 16}, {10, 5, 400, 11}, {23, 1, 4096, 16}, {5, 4, 64, 1}};
    const int most = std::min(kMostByteRows, 2 * kernels.rows + 1);
    for (int rows = 1; rows <= most; ++rows) cases.push_back({rows, 3, 48, kernels.panel});
    const Case c = GENERATE_COPY(from_range(cases));
    const auto inputs = static_cast<std::size_t>(c.taps * c.run);
    const auto columns = static_cast<std::size_t>(kernels.panel);
    const bool in_nibbles = GENERATE(false, true);
    const Panel panel(inputs, columns, limit, in_nibbles);
    std::vector<std::int8_t> packed = panel.bytes;
    if (in_nibbles) to_nibbles(packed.data(), static_cast<std::ptrdiff_t>(packed.size()));
    const auto values = noise(inputs * static_cast<std::size_t>(c.rows), 4);
    std::vector<std::uint8_t> pixels;
    for (const float value : values) {
        const int pixel = limit ? kMostByte : static_cast<int>(127.9F + 127 * value);
        pixels.push_back(static_cast<std::uint8_t>(pixel - kernels.offset));
    }
    std::vector<std::int32_t> start;
    for (const std::int32_t sum : panel.sums) start.push_back((kernels.offset - 7) * sum);
    std::vector<const std::uint8_t*> rows;
    std::vector<float> result(static_cast<std::size_t>(c.rows) * columns, -5.0F);
    std::vector<float*> outs;
    std::vector<std::ptrdiff_t> taps;
    for (int t = 0; t < c.taps; ++t) taps.push_back(static_cast<std::ptrdiff_t>(t) * c.run);
    for (int r = 0; r < c.rows; ++r) {
        rows.push_back(pixels.data() + static_cast<std::ptrdiff_t>(r) * c.taps * c.run);
        outs.push_back(result.data() + static_cast<std::ptrdiff_t>(r) * kernels.panel);
    }
    ByteProduct product{.rows = rows.data(),
                        .outs = outs.data(),
                        .row_count = c.rows,
                        .taps = taps.data(),
                        .tap_count = c.taps,
                        .run = c.run,
                        .panel = packed.data(),
                        .start = start.data(),
                        .scale = panel.scale.data(),
                        .bias = panel.bias.data(),
                        .slope = 0.1F,
                        .columns = c.columns,
                        .next = packed.data(),
                        .in_nibbles = in_nibbles};
    kernels.product(product);
    std::vector<std::int32_t> sums(result.size());
    product.sums = sums.data();
    kernels.product(product);
    for (std::size_t r = 0; r < rows.size(); ++r) {
        for (std::size_t column = 0; column < columns; ++column) {
            std::int64_t sum = 0;
            for (std::size_t k = 0; k < inputs; ++k) {
                const int pixel = static_cast<std::uint8_t>(rows[r][k] + kernels.offset);
                sum += (pixel - 7) * panel.bytes[place(k, column, columns)];
            }
            CHECK(sums[r * columns + column] == sum);
            const float wanted =
                leaky(static_cast<double>(sum) * panel.scale[column] + panel.bias[column], 0.1F);
            const bool written = column < static_cast<std::size_t>(c.columns);
            CHECK(std::fabs(outs[r][column] - (written ? wanted : -5.0F)) <=
                  1e-6F * std::fmax(1.0F, std::fabs(wanted)));
        }
    }
}

TEST_CASE("pixels are brought to the nearest byte, and kept within") {
    const std::size_t which = GENERATE(range(std::size_t{0}, byte_kernels().size()));
    const ByteKernels& kernels = byte_kernels()[which];
    CAPTURE(std::string(kernels.name));
    const int channels = GENERATE(8, 40);
    std::vector<float> pixels = noise(static_cast<std::size_t>(3 * (channels + 3)), 5);
    for (float& value : pixels) value *= 32;
    pixels[1] = std::numeric_limits<float>::quiet_NaN();
    pixels[2] = std::numeric_limits<float>::infinity();
    pixels[3] = -std::numeric_limits<float>::infinity();
    std::vector<float> factors(static_cast<std::size_t>(channels), 8.0F);
    factors[0] = 0;
    factors[4] = 4;
    std::vector<std::uint8_t> bytes(static_cast<std::size_t>(3 * channels + 1), 200);
    kernels.quantize({pixels.data(), channels + 3, 3, channels, factors.data(), 30, bytes.data()});
    for (int x = 0; x < 3; ++x) {
        for (int c = 0; c < channels; ++c) {
            const float value = pixels[static_cast<std::size_t>(x * (channels + 3) + c)];
            const float scaled = value * factors[static_cast<std::size_t>(c)] + 30;
            const float wanted = scaled > 0 ? std::nearbyintf(std::min(scaled, 255.0F)) : 0;
            const int byte = bytes[static_cast<std::size_t>(x * channels + c)] + kernels.offset;
            CHECK(static_cast<float>(byte % 256) == wanted);
        }
    }
    CHECK(bytes.back() == 200);
}

/// What a map's pixels are worth once they are bytes.
Map rounded(const View& from, const Filter& filter) {
    Map map(from.side, filter.inputs, 2, 2);
    for (int y = 0; y < from.side; ++y) {
        for (int x = 0; x < from.side; ++x) {
            for (int i = 0; i < filter.inputs; ++i) {
                const float byte =
                    std::nearbyintf(from.at(y, x)[i] * (1 / filter.steps[i]) + filter.zero);
                map.view().at(y, x)[i] =
                    (std::clamp(byte, 0.0F, 255.0F) - filter.zero) * filter.steps[i];
            }
        }
    }
    return map;
}

TEST_CASE("a layer in bytes is the convolution of what was rounded") {
    const std::size_t which = GENERATE(range(std::size_t{0}, byte_kernels().size()));
    Team team(2, 20);
    struct Case {
        int side, inputs, outputs, kernel, stride, pad;
        float zero;
    };
    const Case c = GENERATE(Case{16, 24, 40, 3, 1, 1, 128}, Case{16, 50, 20, 4, 2, 1, 128},
                            Case{8, 130, 16, 2, 2, 0, 128}, Case{3, 300, 48, 3, 1, 1, 0},
                            Case{9, 16, 7, 3, 2, 1, 128}, Case{8, 130, 150, 3, 1, 1, 128});
    // Channels beyond the inputs are another's.
    Map in(c.side, c.inputs + 9, 2, 2);
    fill(in.view(), c.inputs + 9, 5);
    const int side = (c.side + 2 * c.pad - c.kernel) / c.stride + 1;
    Map out(side, c.outputs + 8, 0, 0);
    const InBytes kernel(c.outputs, c.inputs, c.kernel, 7, c.zero);
    ByteLayer layer = ByteLayer::convolution(byte_kernels()[which], kernel.filter, c.stride, c.pad,
                                             0.1F, in.view(), out.view().from(8));
    layer.run(team);
    const Map bytes = rounded(in.view(), kernel.filter);
    CHECK(largest_difference(out.view().from(8), c.outputs, [&](int y, int x, int o) {
              return convolved(kernel.filter, bytes.view(), c.stride, c.pad, y, x, o, 0.1F);
          }) < kNear);
    CHECK(largest_difference(out.view(), 8, [](int, int, int) { return 0.0F; }) == 0);
}

TEST_CASE("weights of so few pixels that they are waited for have four bits") {
    const std::size_t which = GENERATE(range(std::size_t{0}, byte_kernels().size()));
    Team team(2, 20);
    InBytes kernel(40, 300, 3, 7, 0);
    // Where a few weights are all that counts, four bits would leave nothing of the others.
    const bool uneven = GENERATE(false, true);
    if (uneven) {
        for (std::size_t k = 0; k < kernel.weight.size(); ++k) {
            kernel.weight[k] *= k % 97 == 0 ? 20.0F : 0.5F;
        }
    }
    Map in(2, 300, 1, 2);
    fill(in.view(), 300, 5);
    Map out(2, 40, 0, 0);
    ByteLayer layer = ByteLayer::convolution(byte_kernels()[which], kernel.filter, 1, 1, 0.1F,
                                             in.view(), out.view());
    layer.run(team);
    const Map bytes = rounded(in.view(), kernel.filter);
    const float far = largest_difference(out.view(), 40, [&](int y, int x, int o) {
        return convolved(kernel.filter, bytes.view(), 1, 1, y, x, o, 0.1F);
    });
    CHECK(far < 0.04F);
    CHECK((uneven || far > 0.01F));
}

TEST_CASE("a transposed convolution in bytes, of some items of a batch") {
    const std::size_t which = GENERATE(range(std::size_t{0}, byte_kernels().size()));
    Team team(2, 20);
    std::vector<Map> ins;
    std::vector<Map> outs;
    Views from;
    Views to;
    for (std::uint32_t item = 0; item < 3; ++item) {
        fill(ins.emplace_back(5, 34, 1, 2).view(), 34, item + 1);
        outs.emplace_back(10, 24, 0, 0);
    }
    for (std::size_t item = 0; item < ins.size(); ++item) {
        from.push_back(ins[item].view());
        to.push_back(outs[item].view());
    }
    InBytes kernel(4 * 24, 34, 2, 3, 128);
    kernel.filter.bias = nullptr;
    Convolution layer = Convolution::rising(kernel.filter, 0.1F, from, to);
    CHECK(layer.in_bytes());
    ByteLayer bytes = ByteLayer::rising(byte_kernels()[which], kernel.filter, 0.1F, from, to);
    bytes.run(team, {1, 2});
    for (std::size_t item = 0; item < ins.size(); ++item) {
        const Map map = rounded(from[item], kernel.filter);
        CHECK(largest_difference(to[item], 24, [&](int y, int x, int o) {
                  return item == 0 ? 0.0F : raised(kernel.filter, map.view(), y, x, o, 0.1F);
              }) < kNear);
    }
}

}  // namespace
}  // namespace mol_edge::network
