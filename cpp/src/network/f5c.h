#pragma once

#include "mol_edge/team.h"

#include "buffer.h"
#include "kernels.h"
#include "map.h"
#include "weights.h"

#include <vector>

namespace mol_edge::network {

/// Channels of a map of features.
inline constexpr int kChannels = 128;
/// Sets of weights: for a frame that is the first of a pair, and for one that is the second.
inline constexpr int kSets = 2;

/// The F5C block (Sections 3.1 and 3.2 of the paper) with both of its sets of weights, by panels of
/// 16 channels: the fully-connected convolution, the search for neighbours among positions, and
/// what each position takes from them.
class F5c {
  public:
    F5c(const Weights& weights, int neighbours);

    /// From `in`, 128 channels, to 128 channels of each set side by side in `out`.
    void run(Team& team, const Kernels& kernels, const View& in, const View& out);

  private:
    static constexpr int kPanels = kChannels / kPanel;
    static constexpr int kPositionPanels = kPositions / kPanel;
    static constexpr int kBlocks = (kPositions + 2 * kRows - 1) / (2 * kRows) * 2;

    void mix(const Kernels& kernels, const View& in, int task);
    /// How alike a panel of positions is to the positions from its first on, and these to it.
    void compare(const Kernels& kernels, int set, int panel);
    void find_neighbours(const Kernels& kernels, int task);
    void add_edges(const Kernels& kernels, const View& out, int task);
    [[nodiscard]] float* y(int set, int panel) const;
    [[nodiscard]] float* similarity(int set, int row) const;

    int neighbours_;
    /// [set][panel][16][16][16 channels]
    Buffer left_;
    Buffer right_;
    Buffer constant_;
    /// [set][block of rows][256][kRows]
    Buffer both_;
    Buffer other_;
    std::vector<float> bias_;
    /// [set][panel][256][16]
    Buffer y_;
    /// Cosines, [set][256][256].
    Buffer similarities_;
    std::vector<float> squares_;
    std::vector<float> scales_;
    std::vector<int> index_;
};

}  // namespace mol_edge::network
