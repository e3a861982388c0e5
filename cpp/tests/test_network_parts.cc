#include "mol_edge/error.h"

#include "catch.h"
#include "network/correlation.h"
#include "network/f5c.h"
#include "network/handed_maps.h"
#include "network/linear.h"
#include "network_cases.h"

#include <algorithm>
#include <numeric>

namespace mol_edge::network {
namespace {

TEST_CASE("a linear layer adds up what is not zero") {
    const Isa isa = GENERATE(from_range(available_isas()));
    // The last one in fixed point.
    const int outputs = GENERATE(3, 40, 417);
    const int inputs = GENERATE(1200, 1203);
    Team team(2, 20);
    const auto weight = noise(static_cast<std::size_t>(outputs * inputs), 1);
    const auto bias = noise(static_cast<std::size_t>(outputs), 2);
    auto from = noise(static_cast<std::size_t>(inputs), 3);
    const bool none = GENERATE(false, true);
    for (float& value : from) value = none ? 0 : std::max(value, 0.0F);
    Linear linear({{outputs, inputs}, weight}, {{outputs}, bias});
    std::vector<float> to(static_cast<std::size_t>(outputs));
    linear.run(team, kernels(isa), from.data(), 0.5F, to.data());
    for (int o = 0; o < outputs; ++o) {
        double sum = bias[static_cast<std::size_t>(o)];
        for (int i = 0; i < inputs; ++i) {
            sum += static_cast<double>(weight[static_cast<std::size_t>(o * inputs + i)]) *
                   from[static_cast<std::size_t>(i)];
        }
        CHECK(std::fabs(to[static_cast<std::size_t>(o)] - leaky(sum, 0.5F)) < 3e-5F);
    }
}

TEST_CASE("a linear layer whose weights are bytes gives what they are worth") {
    const Isa isa = GENERATE(from_range(available_isas()));
    const int outputs = GENERATE(3, 64, 100);
    const int inputs = GENERATE(1, 1203);
    Team team(2, 20);
    const auto bias = noise(static_cast<std::size_t>(outputs), 2);
    std::vector<float> steps;
    std::vector<float> weight;
    for (int o = 0; o < outputs; ++o) {
        steps.push_back(0.001F * static_cast<float>(o + 1));
        for (const float value : noise(static_cast<std::size_t>(inputs), 7 + o)) {
            weight.push_back(std::nearbyintf(127 * value) * steps.back());
        }
    }
    weight[0] = -127 * steps[0];
    auto from = noise(static_cast<std::size_t>(inputs), 3);
    for (float& value : from) value = std::max(value, 0.0F);
    from[0] = 0.5F;
    const Weight worth{{outputs}, steps};
    Linear linear({{outputs, inputs}, weight}, {{outputs}, bias}, &worth);
    std::vector<float> to(static_cast<std::size_t>(outputs));
    linear.run(team, kernels(isa), from.data(), 0.5F, to.data());
    for (int o = 0; o < outputs; ++o) {
        double sum = bias[static_cast<std::size_t>(o)];
        double sizes = 1;
        for (int i = 0; i < inputs; ++i) {
            const double product =
                static_cast<double>(weight[static_cast<std::size_t>(o * inputs + i)]) *
                from[static_cast<std::size_t>(i)];
            sum += product;
            sizes += std::fabs(product);
        }
        CHECK(std::fabs(to[static_cast<std::size_t>(o)] - leaky(sum, 0.5F)) < 1e-6 * sizes);
    }
}

TEST_CASE("steps of weights must be those of a matrix of numbers") {
    const std::vector<float> numbers{1, 2, 3, 4};
    std::vector<float> steps{0.5F, 1};
    std::vector<float> matrix = numbers;
    const Weight weight{{2, 2}, matrix};
    Weights table{{"fc.weight_steps", {{2}, steps}}};
    CHECK(find_weight_steps(table, "fc", weight)->values[1] == 1);
    CHECK(find_weight_steps(table, "other", weight) == nullptr);
    for (const float bad : {0.0F, -1.0F, std::nanf(""), 1e-45F}) {
        steps[1] = bad;
        CHECK_THROWS_AS(find_weight_steps(table, "fc", weight), ArrayError);
    }
    steps[1] = 1;
    matrix[3] = std::nanf("");
    CHECK_THROWS_AS(find_weight_steps(table, "fc", weight), ArrayError);
    table = {{"fc.weight_steps", {{1}, steps}}};
    CHECK_THROWS_AS(find_weight_steps(table, "fc", {{2, 2}, numbers}), ArrayError);
}

TEST_CASE("maps are taken in and handed out, by planes and by pixels") {
    const Isa isa = GENERATE(from_range(available_isas()));
    const bool by_pixels = GENERATE(false, true);
    Team team(2, 20);
    const auto values = noise(24 * 16 * 16, 1);
    Map map(16, 40, 1, 1);
    take_in(team, kernels(isa), {{{values.data(), by_pixels}, 24, map.view().from(8)}});
    CHECK(largest_difference(map.view().from(8), 24, [&](int y, int x, int c) {
              const int at = by_pixels ? (y * 16 + x) * 24 + c : (c * 16 + y) * 16 + x;
              return values[static_cast<std::size_t>(at)];
          }) == 0);
    std::vector<float> back(values.size());
    hand_out(team, kernels(isa), {{map.view().from(8), 24, {back.data(), by_pixels}}});
    CHECK(back == values);
}

TEST_CASE("a correlation is the mean product of displaced positions") {
    const Isa isa = GENERATE(from_range(available_isas()));
    const bool by_pixels = GENERATE(false, true);
    constexpr int channels = 40;
    Team team(2, 20);
    Map first(kSide, channels, 0, 0);
    Map second(kSide, channels, 0, 0);
    fill(first.view(), channels, 1);
    fill(second.view(), channels, 2);
    std::vector<float> later(channels * kPositions);
    hand_out(team, kernels(isa), {{second.view(), channels, {later.data(), by_pixels}}});
    Map out(kSide, Correlation::kOutputs + 3, 1, 1);
    Correlation correlation(first.view(), channels, out.view().from(3));
    correlation.run(team, kernels(isa), {later.data(), by_pixels});
    CHECK(largest_difference(out.view().from(3), Correlation::kOutputs,
                             [&](int y, int x, int displacement) {
                                 const int dy = 2 * (displacement / 15 - 7);
                                 const int dx = 2 * (displacement % 15 - 7);
                                 double sum = 0;
                                 for (int c = 0; c < channels; ++c) {
                                     sum += static_cast<double>(pixel(first.view(), y, x, c)) *
                                            pixel(second.view(), y + dy, x + dx, c);
                                 }
                                 return leaky(sum / channels, 0.1F);
                             }) < 1e-6F);
}

/// Channels that are compared, since the definition takes its time.
constexpr int kEvery = 9;

/// Weights of an F5C block, and the block by its definition.
struct Block {
    Weights table() const {
        return {{"first.second.fcc.left", {{2, 128, 16, 16}, left}},
                {"first.second.fcc.right", {{2, 128, 16, 16}, right}},
                {"first.second.fcc.constant", {{2, 128, 16, 16}, constant}},
                {"first.second.ccc.own", {{2, 256, 256}, own}},
                {"first.second.ccc.other", {{2, 256, 256}, other}},
                {"first.second.ccc.bias", {{2, 256, 1}, bias}}};
    }

    /// [256][128] of one set.
    std::vector<double> run(const View& in, int set, int neighbours) const {
        std::vector<double> y(kPositions * kChannels);
        for (int p = 0; p < kPositions; ++p) {
            for (int c = 0; c < kChannels; ++c) {
                const int matrix = (set * kChannels + c) * kPositions;
                double sum = at(constant, matrix + p) + pixel(in, p / 16, p % 16, c);
                for (int i = 0; i < 16; ++i) {
                    double row = 0;
                    for (int j = 0; j < 16; ++j) {
                        row += pixel(in, i, j, c) * at(right, matrix + j * 16 + p % 16);
                    }
                    sum += at(left, matrix + p / 16 * 16 + i) * row;
                }
                y[static_cast<std::size_t>(p * kChannels + c)] = sum;
            }
        }
        return with_edges(y, set, neighbours);
    }

    std::vector<double> with_edges(const std::vector<double>& y, int set, int neighbours) const {
        std::vector<std::vector<int>> nearest;
        for (int p = 0; p < kPositions; ++p) nearest.push_back(neighbours_of(y, p, neighbours));
        std::vector<double> out = y;
        for (int p = 0; p < kPositions; ++p) {
            const int row = (set * kPositions + p) * kPositions;
            for (int c = 0; c < kChannels; c += kEvery) {
                double mine = at(bias, set * kPositions + p);
                std::vector<double> theirs(static_cast<std::size_t>(neighbours));
                for (int q = 0; q < kPositions; ++q) {
                    mine += at(own, row + q) * y[static_cast<std::size_t>(q * kChannels + c)];
                    for (std::size_t j = 0; j < theirs.size(); ++j) {
                        const int from = nearest[static_cast<std::size_t>(q)][j];
                        theirs[j] +=
                            at(other, row + q) * y[static_cast<std::size_t>(from * kChannels + c)];
                    }
                }
                const double most = *std::max_element(theirs.begin(), theirs.end());
                out[static_cast<std::size_t>(p * kChannels + c)] += std::max(0.0, mine + most);
            }
        }
        return out;
    }

    static std::vector<int> neighbours_of(const std::vector<double>& y, int p, int count) {
        const auto product = [&](int a, int b) {
            return std::inner_product(&y[static_cast<std::size_t>(a * kChannels)],
                                      &y[static_cast<std::size_t>(a * kChannels)] + kChannels,
                                      &y[static_cast<std::size_t>(b * kChannels)], 0.0);
        };
        std::vector<std::pair<double, int>> order;
        for (int q = 0; q < kPositions; ++q) {
            order.emplace_back(-product(p, q) / std::sqrt(product(q, q)), q);
        }
        std::sort(order.begin(), order.end());
        std::vector<int> found;
        for (int j = 0; j < count; ++j) found.push_back(order[static_cast<std::size_t>(j)].second);
        return found;
    }

    static double at(const std::vector<float>& values, int index) {
        return values[static_cast<std::size_t>(index)];
    }

    static std::vector<float> scaled(std::vector<float> values, float factor) {
        for (float& value : values) value *= factor;
        return values;
    }

    std::vector<float> left = scaled(noise(2 * 128 * 256, 1), 0.25F);
    std::vector<float> right = scaled(noise(2 * 128 * 256, 2), 0.25F);
    std::vector<float> constant = noise(2 * 128 * 256, 3);
    std::vector<float> own = scaled(noise(2 * 256 * 256, 4), 0.06F);
    std::vector<float> other = scaled(noise(2 * 256 * 256, 5), 0.06F);
    std::vector<float> bias = noise(2 * 256, 6);
};

TEST_CASE("an F5C block mixes, finds neighbours and takes the strongest") {
    const Isa isa = GENERATE(from_range(available_isas()));
    const int neighbours = GENERATE(1, 4, 8);
    Team team(2, 20);
    const Block block;
    Map in(kSide, kChannels, 0, 0);
    fill(in.view(), kChannels, 9);
    Map out(kSide, kSets * kChannels, 0, 0);
    F5c f5c(block.table(), neighbours);
    f5c.run(team, kernels(isa), in.view(), out.view());
    for (int set = 0; set < kSets; ++set) {
        const std::vector<double> wanted = block.run(in.view(), set, neighbours);
        const View came = out.view().from(set * kChannels);
        CHECK(largest_difference(came, kChannels, [&](int y, int x, int c) {
                  const int at = (y * kSide + x) * kChannels + c;
                  return c % kEvery == 0 ? static_cast<float>(wanted[static_cast<std::size_t>(at)])
                                         : came.at(y, x)[c];
              }) < 5e-6F);
    }
}

TEST_CASE("what neighbours add does not depend on whether a position is its own first one") {
    const Kernels& k = kernels(GENERATE(from_range(available_isas())));
    const bool in_place = GENERATE(true, false);
    constexpr int neighbours = 3;
    constexpr int blocks = (kPositions + 2 * kRows - 1) / (2 * kRows) * 2;
    const auto matrices = noise(2 * kPositions * kPositions, 4);
    const auto value = [&](int matrix, int row, int column) -> float {
        const int at = (matrix * kPositions + row) * kPositions + column;
        return 0.06F * matrices[static_cast<std::size_t>(at)];
    };
    const auto packed = [](const auto& of) {
        std::vector<float> to(static_cast<std::size_t>(blocks * kPositions * kRows));
        for (int row = 0; row < kPositions; ++row) {
            for (int column = 0; column < kPositions; ++column) {
                to[static_cast<std::size_t>((row / kRows * kPositions + column) * kRows +
                                            row % kRows)] = of(row, column);
            }
        }
        return to;
    };
    const auto both = packed([&](int r, int c) { return value(0, r, c) + value(1, r, c); });
    const auto other = packed([&](int r, int c) { return value(1, r, c); });
    constexpr int panel = kPositions * kPanel;
    const int channels = k.edge_panels * kPanel;
    const auto y = noise(static_cast<std::size_t>(k.edge_panels * panel), 5);
    const auto y_at = [&](int position, int channel) -> double {
        return Block::at(y, channel / kPanel * panel + position * kPanel + channel % kPanel);
    };
    const auto bias = noise(kPositions, 6);
    std::vector<int> index;
    for (int at = 0; at < neighbours * kPositions; ++at) {
        index.push_back(at < kPositions ? at : at * 7919 % kPositions);
    }
    if (!in_place) std::swap(index[3], index[kPositions + 3]);
    std::vector<float> out(static_cast<std::size_t>(kPositions * channels));
    k.edges({y.data(), panel, both.data(), other.data(), bias.data(), index.data(), neighbours,
             out.data(), channels});
    double far = 0;
    for (int at = 0; at < kPositions * channels; ++at) {
        const int row = at / channels;
        const int channel = at % channels;
        double mine = Block::at(bias, row);
        std::vector<double> theirs(neighbours);
        for (int q = 0; q < kPositions; ++q) {
            mine += static_cast<double>(value(0, row, q)) * y_at(q, channel);
            for (int j = 0; j < neighbours; ++j) {
                const int from = index[static_cast<std::size_t>(j * kPositions + q)];
                theirs[static_cast<std::size_t>(j)] +=
                    static_cast<double>(value(1, row, q)) * y_at(from, channel);
            }
        }
        const double most = *std::max_element(theirs.begin(), theirs.end());
        const double wanted = y_at(row, channel) + std::max(0.0, mine + most);
        far = std::max(far, std::fabs(Block::at(out, at) - wanted));
    }
    CHECK(far < 5e-6);
}

TEST_CASE("weights that are missing or of another shape are named") {
    const Block block;
    Weights table = block.table();
    table.erase("first.second.ccc.own");
    CHECK_THROWS_AS(F5c(table, 4), ArrayError);
    table = block.table();
    table["first.second.ccc.bias"].shape = {2, 256};
    CHECK_THROWS_AS(F5c(table, 4), ArrayError);
    CHECK_THROWS_AS(FeaturesGraph(block.table(), 9), OptionError);
    CHECK_THROWS_AS(FeaturesGraph(block.table(), 4), ArrayError);
    CHECK_THROWS_AS(FlowGraph(table), ArrayError);
    CHECK_THROWS_AS(EncoderGraph(table), ArrayError);
    CHECK_THROWS_AS(HeadGraph(table), ArrayError);
    CHECK_NOTHROW(check_channels("enc2", 24));
    CHECK_THROWS_AS(check_channels("enc2", 12), ArrayError);
}

}  // namespace
}  // namespace mol_edge::network
