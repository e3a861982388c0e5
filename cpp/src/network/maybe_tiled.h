#pragma once

#include "mol_edge/team.h"

#include "kernels.h"
#include "layer.h"
#include "map.h"
#include "tiled_layer.h"
#include "weights.h"

#include <optional>
#include <vector>

namespace mol_edge::network {

/// A convolution by tiles where that pays, else as plain products; see `TiledLayer`.
class MaybeTiled {
  public:
    static MaybeTiled convolution(const Filter& filter, float slope, const Views& in,
                                  const Views& out);
    static MaybeTiled halving(const Filter& filter, float slope, const Views& in, const Views& out);
    static MaybeTiled rising(const Filter& filter, float slope, const Views& in, const Views& out);

    [[nodiscard]] bool is_tiled() const { return tiled_.has_value(); }
    /// For some items of a batch.
    void run(Team& team, const Kernels& kernels, Items items = {});

  private:
    std::optional<TiledLayer> tiled_;
    std::vector<Layer> plain_;
};

}  // namespace mol_edge::network
