#include "catch.h"
#include "network/convolution.h"
#include "network/kernels.h"
#include "network/layer.h"
#include "network/map.h"
#include "network/prediction.h"
#include "network/tiled_layer.h"
#include "network_cases.h"

#include <cstdint>
#include <stdexcept>
#include <vector>

namespace mol_edge::network {
namespace {

constexpr float kNear = 2e-6F;

TEST_CASE("a layer is the convolution that it was made from") {
    const Isa isa = GENERATE(from_range(available_isas()));
    Team team(2, 20);
    struct Case {
        int side, inputs, outputs, kernel, stride, pad;
    };
    // Wide and narrow panels, ragged outputs, joined and separate taps, several pieces of inputs;
    // the last two in fixed point.
    const Case c =
        GENERATE(Case{16, 1, 8, 4, 2, 0}, Case{13, 24, 33, 3, 1, 1}, Case{8, 300, 16, 3, 2, 1},
                 Case{4, 20, 5, 3, 1, 1}, Case{2, 520, 48, 3, 1, 1}, Case{16, 40, 20, 1, 1, 0},
                 Case{2, 602, 100, 3, 1, 1}, Case{8, 176, 325, 3, 2, 1});
    Map in(c.side, c.inputs + 3, 2, 2);
    fill(in.view(), c.inputs, 5);
    const int side = (c.side + 2 * c.pad - c.kernel) / c.stride + 1;
    Map out(side, c.outputs + 8, 0, 0);
    const Kernel kernel(c.outputs, c.inputs, c.kernel, true, 7);
    const Layer layer =
        Layer::convolution(kernel.filter, c.stride, c.pad, 0.1F, in.view(), out.view().from(8));
    run_layers(team, kernels(isa), {&layer});
    CHECK(largest_difference(out.view().from(8), c.outputs, [&](int y, int x, int o) {
              return convolved(kernel.filter, in.view(), c.stride, c.pad, y, x, o, 0.1F);
          }) < kNear);
    // What lies before the outputs is another's.
    CHECK(largest_difference(out.view(), 8, [](int, int, int) { return 0.0F; }) == 0);
}

TEST_CASE("items of a batch are computed together, and none but those asked for") {
    const Isa isa = GENERATE(from_range(available_isas()));
    const bool tiled = GENERATE(false, true);
    Team team(2, 20);
    const Kernel kernel(16, 20, 3, true, 3);
    std::vector<Map> ins;
    std::vector<Map> outs;
    Views from;
    Views to;
    for (std::uint32_t item = 0; item < 4; ++item) {
        fill(ins.emplace_back(6, 20, 1, 2).view(), 20, item + 1);
        outs.emplace_back(6, 16, 0, 0);
    }
    for (std::size_t item = 0; item < ins.size(); ++item) {
        from.push_back(ins[item].view());
        to.push_back(outs[item].view());
    }
    if (tiled) {
        TiledLayer layer = TiledLayer::convolution(kernel.filter, 0.1F, from, to);
        layer.run(team, kernels(isa), {1, 2});
    } else {
        const Layer layer = Layer::convolution(kernel.filter, 1, 1, 0.1F, from, to);
        run_layers(team, kernels(isa), {&layer}, {1, 2});
    }
    for (std::size_t item = 0; item < ins.size(); ++item) {
        const bool asked = item == 1 || item == 2;
        CHECK(largest_difference(to[item], 16, [&](int y, int x, int o) {
                  return asked ? convolved(kernel.filter, from[item], 1, 1, y, x, o, 0.1F) : 0.0F;
              }) < kNear);
    }
}

TEST_CASE("tiles give a 3 x 3 convolution, whole and ragged") {
    const Isa isa = GENERATE(from_range(available_isas()));
    const int side = GENERATE(16, 15);
    Team team(2, 20);
    Map in(side, 51, 1, 2);
    fill(in.view(), 51, 1);
    Map out(side, 32, 0, 0);
    const Kernel kernel(32, 51, 3, true, 3);
    TiledLayer layer = TiledLayer::convolution(kernel.filter, 0.1F, in.view(), out.view());
    layer.run(team, kernels(isa));
    CHECK(largest_difference(out.view(), 32, [&](int y, int x, int o) {
              return convolved(kernel.filter, in.view(), 1, 1, y, x, o, 0.1F);
          }) < kNear);
}

TEST_CASE("tiles of a layer of many weights go in steps, and give the same") {
    const Isa isa = GENERATE(from_range(available_isas()));
    // Of so few tiles that weights are in fixed point, and of more.
    const int side = GENERATE(5, 9);
    constexpr int inputs = 330;
    constexpr int outputs = 288;
    Team team(2, 20);
    std::vector<Map> ins;
    Views from;
    std::vector<Map> outs;
    Views to;
    for (std::uint32_t item = 0; item < 3; ++item) {
        fill(ins.emplace_back(side, inputs, 1, 2).view(), inputs, item + 1);
        outs.emplace_back(side, outputs, 0, 0);
    }
    for (std::size_t item = 0; item < ins.size(); ++item) {
        from.push_back(ins[item].view());
        to.push_back(outs[item].view());
    }
    const Kernel kernel(outputs, inputs, 3, true, 3);
    TiledLayer layer = TiledLayer::convolution(kernel.filter, 0.1F, from, to);
    CHECK_FALSE(layer.in_bands());
    layer.run(team, kernels(isa), {1, 2});
    for (std::size_t item = 0; item < ins.size(); ++item) {
        CHECK(largest_difference(to[item], outputs, [&](int y, int x, int o) {
                  return item == 0 ? 0.0F
                                   : convolved(kernel.filter, from[item], 1, 1, y, x, o, 0.1F);
              }) < 10 * kNear);
    }
}

TEST_CASE("channels in sixteens are computed in bands as those in thirty-twos") {
    const Isa isa = GENERATE(from_range(available_isas()));
    const int channels = GENERATE(32, 48, 80);
    Team team(2, 20);
    Map in(16, 24, 1, 2);
    fill(in.view(), 24, 1);
    Map out(32, channels + 16, 0, 0);
    fill(out.view(), channels + 16, 9);
    const float beyond = out.view().at(5, 5)[channels];
    const Kernel kernel(4 * channels, 24, 2, false, 3);
    TiledLayer layer = TiledLayer::rising(kernel.filter, 0.1F, in.view(), out.view());
    CHECK(layer.in_bands());
    layer.run(team, kernels(isa));
    CHECK(largest_difference(out.view(), channels, [&](int y, int x, int o) {
              return raised(kernel.filter, in.view(), y, x, o, 0.1F);
          }) < kNear);
    CHECK(out.view().at(5, 5)[channels] == beyond);
}

TEST_CASE("a layer in bands serves teams of any size") {
    Team alone(1, 0);
    Team three(3, 20);
    Map in(16, 24, 1, 2);
    fill(in.view(), 24, 1);
    Map out(32, 16, 0, 0);
    const Kernel kernel(64, 24, 2, false, 3);
    TiledLayer layer = TiledLayer::rising(kernel.filter, 0.1F, in.view(), out.view());
    CHECK(layer.in_bands());
    for (Team* team : {&alone, &three, &alone}) {
        fill(out.view(), 16, 9);
        layer.run(*team, kernels(current_isa()));
        CHECK(largest_difference(out.view(), 16, [&](int y, int x, int o) {
                  return raised(kernel.filter, in.view(), y, x, o, 0.1F);
              }) < kNear);
    }
}

TEST_CASE("tiles give a 4 x 4 convolution of stride 2") {
    const Isa isa = GENERATE(from_range(available_isas()));
    Team team(2, 20);
    const int side = GENERATE(32, 64);
    Map in(side, 24, 1, side == 32 ? 5 : 3);
    fill(in.view(), 24, 1);
    Map out(side / 2, 16, 0, 0);
    const Kernel kernel(16, 24, 4, true, 3);
    TiledLayer layer = TiledLayer::halving(kernel.filter, 0.1F, in.view(), out.view());
    layer.run(team, kernels(isa));
    CHECK(largest_difference(out.view(), 16, [&](int y, int x, int o) {
              return convolved(kernel.filter, in.view(), 2, 1, y, x, o, 0.1F);
          }) < kNear);
}

TEST_CASE("a rim that is too narrow for the last tile is refused") {
    const Kernel kernel(16, 24, 4, true, 3);
    const Map out(16, 16, 0, 0);
    for (const int after : {0, 4}) {
        const Map in(32, 24, 1, after);
        CHECK_THROWS_AS(TiledLayer::halving(kernel.filter, 0.1F, in.view(), out.view()),
                        std::logic_error);
    }
}

TEST_CASE("a transposed convolution rises by tiles and by plain products") {
    const Isa isa = GENERATE(from_range(available_isas()));
    const int side = GENERATE(2, 8, 40);
    const bool tiled = GENERATE(false, true);
    Team team(2, 20);
    Map in(side, 50, 1, 2);
    fill(in.view(), 50, 1);
    Map out(2 * side, 24, 1, 1);
    const Kernel kernel(4 * 16, 50, 2, false, 3);
    const View target = out.view().from(8);
    if (tiled) {
        TiledLayer layer = TiledLayer::rising(kernel.filter, 0.1F, in.view(), target);
        layer.run(team, kernels(isa));
    } else {
        for (int phase = 0; phase < 4; ++phase) {
            const Layer layer = Layer::phase(kernel.filter, phase, 0.1F, in.view(), target);
            run_layers(team, kernels(isa), {&layer});
        }
    }
    CHECK(largest_difference(target, 16, [&](int y, int x, int o) {
              return raised(kernel.filter, in.view(), y, x, o, 0.1F);
          }) < kNear);
    // The rim is left alone.
    CHECK(out.view().at(-1, -1)[8] == 0);
    CHECK(out.view().at(2 * side, 2 * side)[8] == 0);
}

TEST_CASE("tiles are taken where they pay, and give what products give") {
    const Isa isa = GENERATE(from_range(available_isas()));
    const int inputs = GENERATE(16, 64);
    Team team(1, 0);
    Map in(8, inputs, 1, 2);
    fill(in.view(), inputs, 1);
    Map out(8, 32, 0, 0);
    const Kernel kernel(32, inputs, 3, true, 3);
    Convolution layer = Convolution::same(kernel.filter, 0.1F, in.view(), out.view());
    CHECK(layer.is_tiled() == (inputs == 64));
    layer.run(team, kernels(isa));
    CHECK(largest_difference(out.view(), 32, [&](int y, int x, int o) {
              return convolved(kernel.filter, in.view(), 1, 1, y, x, o, 0.1F);
          }) < kNear);
}

TEST_CASE("flow is predicted, and raised to twice the size") {
    const Isa isa = GENERATE(from_range(available_isas()));
    const int side = GENERATE(2, 16, 64);
    const int inputs = GENERATE(8, 35, 130);
    Team team(2, 20);
    Map in(side, inputs, 1, 2);
    fill(in.view(), inputs, 1);
    const Kernel kernel(kFlow, inputs, 3, false, 3);
    Map flow(side, kFlow, 1, 1);
    const View to = flow.view();
    Prediction prediction(kernel.filter, in.view());
    prediction.run(team, kernels(isa), {to.origin, to.row_step, to.pixel_step, 1});
    CHECK(largest_difference(to, kFlow, [&](int y, int x, int o) {
              return convolved(kernel.filter, in.view(), 1, 1, y, x, o, 1);
          }) < kNear);

    Map out(2 * side, 8, 0, 0);
    const Kernel up(4 * kFlow, kFlow, 2, false, 9);
    Upsampling upsampling(up.filter, to, out.view().from(5));
    const auto beside = noise(static_cast<std::size_t>(4 * side * side), 7);
    const bool has_beside = GENERATE(false, true);
    upsampling.run(team, kernels(isa), has_beside ? beside.data() : nullptr);
    CHECK(largest_difference(out.view().from(5), kFlow + 1, [&](int y, int x, int o) {
              const auto at = static_cast<std::size_t>(y * 2 * side + x);
              if (o == kFlow) return has_beside ? beside[at] : 0;
              return raised(up.filter, to, y, x, o, 1);
          }) < kNear);
}

}  // namespace
}  // namespace mol_edge::network
