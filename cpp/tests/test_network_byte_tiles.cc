#include "catch.h"
#include "network/byte_kernels.h"
#include "network/byte_tiled_layer.h"
#include "network/convolution.h"
#include "network/map.h"
#include "network_cases.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace mol_edge::network {
namespace {

/// What rounding of weights leaves of sums near 1: four sums of them make an output.
constexpr float kNear = 0.04F;
constexpr float kSlope = 0.1F;

const ByteKernels& any_kernels() {
    const ByteKernels& kernels =
        byte_kernels()[GENERATE(range(std::size_t{0}, byte_kernels().size()))];
    CAPTURE(std::string(kernels.name));
    return kernels;
}

TEST_CASE("differences of bytes are exact within half of their range, and cut off beyond") {
    const ByteKernels& kernels = any_kernels();
    constexpr int step = 32;
    constexpr int row = 96;
    std::vector<std::uint8_t> bytes;
    for (const float value : noise(2 * row + step, 3)) {
        const int byte = static_cast<int>(127.9F + 127.9F * value);
        bytes.push_back(static_cast<std::uint8_t>(byte - kernels.offset));
    }
    bytes[5] = static_cast<std::uint8_t>(kMostByte - kernels.offset);
    bytes[5 + step] = static_cast<std::uint8_t>(0 - kernels.offset);
    std::vector<std::uint8_t> made(3 * (row + 1), 77);
    kernels.differ({bytes.data(), step, row, row, made.data(), made.data() + row + 1,
                    made.data() + 2 * (row + 1)});
    const auto value = [&](std::size_t i) {
        return static_cast<int>(static_cast<std::uint8_t>(bytes[i] + kernels.offset));
    };
    int cut = 0;
    for (std::size_t i = 0; i < row; ++i) {
        const int across = value(i) - value(i + step);
        const int beneath = value(i + row) - value(i + row + step);
        const int wanted[] = {across, value(i) - value(i + row), across - beneath};
        for (std::size_t kind = 0; kind < 3; ++kind) {
            const std::uint8_t byte = made[kind * (row + 1) + i];
            const int came = static_cast<std::uint8_t>(byte + kernels.offset) - kNoDifference;
            CHECK(came == std::clamp(wanted[kind], -128, 127));
            cut += static_cast<int>(came != wanted[kind]);
        }
    }
    CHECK(cut > 10);
    for (std::size_t kind = 0; kind < 3; ++kind) CHECK(made[kind * (row + 1) + row] == 77);
}

TEST_CASE("tiles are put together from the sums of their points") {
    const ByteKernels& kernels = any_kernels();
    const int panel = kernels.panel;
    const bool whole = GENERATE(true, false);
    const int columns = whole ? panel : 5;
    constexpr int tiles = 3;
    std::vector<std::int32_t> points;
    for (const float value : noise(static_cast<std::size_t>(9 * tiles * panel), 4)) {
        points.push_back(static_cast<std::int32_t>(1e6F * value));
    }
    auto scales = noise(static_cast<std::size_t>(9 * panel), 6);
    for (float& scale : scales) scale *= 1e-6F;
    const auto bias = noise(static_cast<std::size_t>(panel), 5);
    constexpr int pixel = kMostBytePanel + 4;
    constexpr int row = 3 * pixel;
    std::vector<float> out(tiles * 2 * row, -5.0F);
    std::vector<float*> outs;
    for (int t = 0; t < tiles; ++t) outs.push_back(out.data() + t * 2 * row);
    kernels.tiles({points.data(), tiles * panel, tiles, scales.data(), bias.data(), kSlope,
                   outs.data(), row, pixel, columns});
    for (int t = 0; t < tiles; ++t) {
        for (int y = 0; y < 2; ++y) {
            for (int x = 0; x < 3; ++x) {
                for (int c = 0; c < pixel; ++c) {
                    float wanted = -5;
                    if (x < 2 && c < columns) {
                        wanted = bias[static_cast<std::size_t>(c)];
                        for (const int p :
                             {y * 3 + x, y * 3 + x + 1, y * 3 + x + 3, y * 3 + x + 4}) {
                            wanted +=
                                scales[static_cast<std::size_t>(p * panel + c)] *
                                static_cast<float>(
                                    points[static_cast<std::size_t>((p * tiles + t) * panel + c)]);
                        }
                        wanted = leaky(wanted, kSlope);
                    }
                    CHECK(std::fabs(outs[static_cast<std::size_t>(t)][y * row + x * pixel + c] -
                                    wanted) < 1e-5F);
                }
            }
        }
    }
}

/// Fills a map of whole steps, whose neighbours are as near as those of features are: each channel
/// has a level of its own.
void fill_smoothly(const View& map, const InBytes& kernel, std::uint32_t seed) {
    fill(map, kernel.filter.inputs, seed);
    const auto levels = noise(static_cast<std::size_t>(kernel.filter.inputs), seed + 9);
    for (int y = 0; y < map.side; ++y) {
        for (int x = 0; x < map.side; ++x) {
            for (int i = 0; i < kernel.filter.inputs; ++i) {
                const float value =
                    0.2F * map.at(y, x)[i] + 0.4F * levels[static_cast<std::size_t>(i)];
                const float step = kernel.filter.steps[i];
                map.at(y, x)[i] = std::nearbyintf(value / step) * step;
            }
        }
    }
}

TEST_CASE("a convolution of tiles in bytes is the convolution") {
    const ByteKernels& kernels = any_kernels();
    Team team(2, 20);
    struct Case {
        int side, inputs, outputs, taps;
    };
    const Case c = GENERATE(Case{16, 24, 40, 3}, Case{10, 200, 16, 3}, Case{2, 33, 5, 3},
                            Case{16, 50, 20, 4}, Case{4, 64, 32, 4});
    const InBytes kernel(c.outputs, c.inputs, c.taps, 7, 120);
    // Channels beyond the inputs are another's.
    Map in(c.side, c.inputs + 9, 2, 2);
    fill(in.view(), c.inputs + 9, 5);
    fill_smoothly(in.view(), kernel, 6);
    const int stride = c.taps - 2;
    Map out(c.side / stride, c.outputs + 8, 0, 0);
    ByteTiledLayer layer =
        ByteTiledLayer::convolution(kernels, kernel.filter, kSlope, in.view(), out.view().from(8));
    layer.run(team);
    CHECK(largest_difference(out.view().from(8), c.outputs, [&](int y, int x, int o) {
              return convolved(kernel.filter, in.view(), stride, 1, y, x, o, kSlope);
          }) < kNear);
    CHECK(largest_difference(out.view(), 8, [](int, int, int) { return 0.0F; }) == 0);
}

TEST_CASE("a transposed convolution of tiles in bytes, of some items of a batch") {
    const ByteKernels& kernels = any_kernels();
    Team team(2, 20);
    InBytes kernel(4 * 24, 200, 2, 7, 60);
    kernel.filter.bias = nullptr;
    std::vector<Map> ins;
    std::vector<Map> outs;
    Views from;
    Views to;
    for (std::uint32_t item = 0; item < 3; ++item) {
        fill_smoothly(ins.emplace_back(10, 200, 1, 2).view(), kernel, item + 1);
        outs.emplace_back(20, 24, 0, 0);
    }
    for (std::size_t item = 0; item < ins.size(); ++item) {
        from.push_back(ins[item].view());
        to.push_back(outs[item].view());
    }
    ByteTiledLayer layer = ByteTiledLayer::rising(kernels, kernel.filter, kSlope, from, to);
    layer.run(team, {1, 2});
    for (std::size_t item = 0; item < ins.size(); ++item) {
        CHECK(largest_difference(to[item], 24, [&](int y, int x, int o) {
                  return item == 0 ? 0.0F : raised(kernel.filter, from[item], y, x, o, kSlope);
              }) < kNear);
    }
}

TEST_CASE("strips of a map give what the whole gives, frame after frame") {
    const ByteKernels& kernels = any_kernels();
    Team team(GENERATE(1, 3), 20);
    InBytes kernel(4 * 8, 24, 2, 7, 60);
    kernel.filter.bias = nullptr;
    Map in(32, 24, 1, 2);
    Map out(64, 8, 0, 0);
    ByteTiledLayer rising =
        ByteTiledLayer::rising(kernels, kernel.filter, kSlope, in.view(), out.view());
    const InBytes halving(20, 24, 4, 5, 120);
    Map half(16, 20, 0, 0);
    Map whole(32, 20, 0, 0);
    Map wide(64, 24, 1, 2);
    ByteTiledLayer few =
        ByteTiledLayer::convolution(kernels, halving.filter, kSlope, in.view(), half.view());
    ByteTiledLayer many =
        ByteTiledLayer::convolution(kernels, halving.filter, kSlope, wide.view(), whole.view());
    for (std::uint32_t frame = 0; frame < 2; ++frame) {
        fill_smoothly(in.view(), kernel, 30 + frame);
        rising.run(team);
        CHECK(largest_difference(out.view(), 8, [&](int y, int x, int o) {
                  return raised(kernel.filter, in.view(), y, x, o, kSlope);
              }) < kNear);
        for (const View& map : {in.view(), wide.view()}) fill_smoothly(map, halving, 40 + frame);
        few.run(team);
        many.run(team);
        CHECK(largest_difference(half.view(), 20, [&](int y, int x, int o) {
                  return convolved(halving.filter, in.view(), 2, 1, y, x, o, kSlope);
              }) < kNear);
        CHECK(largest_difference(whole.view(), 20, [&](int y, int x, int o) {
                  return convolved(halving.filter, wide.view(), 2, 1, y, x, o, kSlope);
              }) < kNear);
    }
}

TEST_CASE("a pixel that differs from its neighbours by more than half of the range is cut off") {
    // One tap of one channel: what comes out is the pixel itself, as far as bytes hold it.
    InBytes kernel(1, 1, 3, 7, 0);
    kernel.filter.bias = nullptr;
    std::fill(kernel.weight.begin(), kernel.weight.end(), 0.0F);
    kernel.weight[4] = 1;
    kernel.steps[0] = 1;
    Map in(4, 8, 1, 1);
    Map out(4, 8, 0, 0);
    in.view().at(1, 1)[0] = static_cast<float>(GENERATE(100, 250));
    const bool cut = in.view().at(1, 1)[0] > 127;
    Team team(1, 20);
    ByteTiledLayer layer = ByteTiledLayer::convolution(byte_kernels().back(), kernel.filter, kSlope,
                                                       in.view(), out.view());
    layer.run(team);
    const float far =
        largest_difference(out.view(), 1, [&](int y, int x, int) { return in.view().at(y, x)[0]; });
    CHECK((cut ? far > 100 : far < 1));
}

TEST_CASE("deep layers in bytes are computed by tiles") {
    Team team(1, 20);
    for (const int inputs : {40, 200}) {
        const InBytes kernel(16, inputs, 3, 7, 120);
        Map in(8, inputs, 1, 2);
        fill_smoothly(in.view(), kernel, 6);
        Map out(8, 16, 0, 0);
        Convolution layer = Convolution::same(kernel.filter, kSlope, in.view(), out.view());
        CHECK(layer.in_bytes());
        layer.run(team, kernels(current_isa()));
        CHECK(largest_difference(out.view(), 16, [&](int y, int x, int o) {
                  return convolved(kernel.filter, in.view(), 1, 1, y, x, o, kSlope);
              }) < kNear);
    }
}

}  // namespace
}  // namespace mol_edge::network
