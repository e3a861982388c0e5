#pragma once

#include "mol_edge/team.h"

#include "buffer.h"
#include "kernels.h"
#include "layer.h"
#include "map.h"
#include "weights.h"

namespace mol_edge::network {

/// A 3 x 3 convolution to the two components of flow, see `Predict`.
class Prediction {
  public:
    Prediction() = default;
    /// `filter` of 2 outputs; `in` has a rim of 1, and zeros where it has more channels than the
    /// filter.
    Prediction(const Filter& filter, const View& in);

    /// Flow of each pixel, at `to` + y * row_step + x * pixel_step + component * part_step.
    struct Target {
        float* to;
        std::ptrdiff_t row_step;
        std::ptrdiff_t pixel_step;
        std::ptrdiff_t part_step;
    };
    void run(Team& team, const Kernels& kernels, const Target& target) const;

  private:
    View in_;
    int channels_ = 0;
    Buffer weights_;
};

/// Flow raised to twice the size, by a transposed convolution of kernel 4 and stride 2.
class Upsampling {
  public:
    Upsampling() = default;
    /// `filter` as in `Layer::phase`, of 4 * 2 outputs; `in` has a rim of 1.
    Upsampling(const Filter& filter, const View& in, const View& out);

    /// `beside`: a plane of the raised size whose pixels are put behind both components, since what
    /// writes there has each pixel at hand; or null.
    void run(Team& team, const Kernels& kernels, const float* beside = nullptr);

  private:
    void place(int row, const float* beside) const;

    View out_;
    /// Four phases of two components at each place between pixels.
    Map phases_;
    Layer layer_;
};

}  // namespace mol_edge::network
