#pragma once

#include "mol_edge/network.h"
#include "mol_edge/team.h"

#include "buffer.h"
#include "kernels.h"
#include "layer.h"
#include "map.h"

#include <vector>

namespace mol_edge::network {

/// How alike each position of a map is to those of another by which it may have moved: the mean
/// product of their channels, for even displacements of up to 14 pixels, the only ones of the
/// network's 21 x 21 that can meet a map of 16 x 16.
///
/// Even displacements join positions of one parity alone, so a quarter of all products is computed.
class Correlation {
  public:
    /// Displacements, row by row.
    static constexpr int kOutputs = 225;

    Correlation() = default;
    /// `first`: the earlier map. `out`: 225 channels, which get LeakyReLU.
    Correlation(const View& first, int channels, const View& out);

    /// `second`: the later map.
    void run(Team& team, const Kernels& kernels, const MapIn& second);

  private:
    static constexpr int kHalf = kSide / 2;
    static constexpr int kClass = kHalf * kHalf;
    static constexpr int kClasses = 4;

    void pack(const Kernels& kernels, const MapIn& second, int task);
    void place(int position) const;

    int channels_ = 0;
    View out_;
    /// [class][panel][channels][16]
    Buffer panels_;
    /// [class][64][64]
    Buffer products_;
    std::vector<Layer> layers_;
};

}  // namespace mol_edge::network
