#include "mol_edge/error.h"
#include "mol_edge/network.h"

#include "kernels.h"
#include "linear.h"
#include "weights.h"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace mol_edge {

using namespace network;

namespace {

constexpr int kPartsOfSample = 6;
constexpr int kColumns = 5;
constexpr int kSteps = 2;
constexpr int kColumnChannels = 32;
constexpr int kPartSide = 8;
constexpr int kPartSize = kColumnChannels * kPartSide * kPartSide;
constexpr int kUnits = static_cast<int>(HeadGraph::kSamples) * kPartsOfSample;

}  // namespace

struct HeadGraph::Parts {
    explicit Parts(const Weights& weights);

    /// Parts that are added up, by step and column.
    std::vector<int> members[kSteps * kColumns];
    Linear hidden;
    Linear classes;
    std::vector<float> pooled;
    std::vector<float> values;
};

HeadGraph::Parts::Parts(const Weights& weights) {
    const Weight& places = find(weights, "column.places", {kSteps * kColumns, kUnits});
    for (int row = 0; row < kSteps * kColumns; ++row) {
        for (int unit = 0; unit < kUnits; ++unit) {
            const float share = places.values[static_cast<std::size_t>(row * kUnits + unit)];
            if (share != 0 && share != 1) {
                throw ArrayError("column.places must be 0 or 1, got " + std::to_string(share) +
                                 ".");
            }
            if (share == 1) members[row].push_back(unit);
        }
    }
    const int inputs = kColumns * kPartSize / 4;
    const Weight& first = find(weights, "head.fc1.weight", {kAnySize, inputs});
    hidden = Linear(first, find(weights, "head.fc1.bias", {first.shape[0]}),
                    find_weight_steps(weights, "head.fc1", first));
    const Weight& second = find(weights, "head.fc2.weight", {kAnySize, first.shape[0]});
    classes = Linear(second, find(weights, "head.fc2.bias", {second.shape[0]}));
    pooled.resize(static_cast<std::size_t>(inputs));
    values.resize(static_cast<std::size_t>(first.shape[0]));
}

HeadGraph::HeadGraph(const Weights& weights) : parts_(std::make_unique<Parts>(weights)) {}
HeadGraph::~HeadGraph() = default;
HeadGraph::HeadGraph(HeadGraph&&) noexcept = default;

int HeadGraph::classes() const {
    return parts_->classes.outputs();
}

void HeadGraph::run(Team& team, const Samples& samples, float* logits) {
    Parts& p = *parts_;
    team.run(kColumns, [&](int column) {
        float steps[kSteps][kPartSize] = {};
        for (int step = 0; step < kSteps; ++step) {
            for (const int unit : p.members[step * kColumns + column]) {
                const float* const part =
                    samples[static_cast<std::size_t>(unit / kPartsOfSample)] +
                    static_cast<std::ptrdiff_t>(unit % kPartsOfSample) * kPartSize;
                for (int i = 0; i < kPartSize; ++i) steps[step][i] += part[i];
            }
        }
        for (int i = 0; i < kPartSize; ++i) steps[0][i] = std::max(steps[0][i], steps[1][i]);
        float* to = &p.pooled[static_cast<std::size_t>(column * kPartSize / 4)];
        for (int row = 0; row < kPartSize / kPartSide; row += 2) {
            const float* const line = steps[0] + row * kPartSide;
            for (int x = 0; x < kPartSide; x += 2) {
                *to++ = std::max(std::max(line[x], line[x + 1]),
                                 std::max(line[x + kPartSide], line[x + kPartSide + 1]));
            }
        }
    });
    const Kernels& k = kernels(current_isa());
    p.hidden.run(team, k, p.pooled.data(), 0, p.values.data());
    p.classes.run(team, k, p.values.data(), 1, logits);
}

}  // namespace mol_edge
