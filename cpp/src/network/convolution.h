#pragma once

#include "mol_edge/team.h"

#include "byte_layer.h"
#include "byte_tiled_layer.h"
#include "kernels.h"
#include "layer.h"
#include "map.h"
#include "tiled_layer.h"
#include "weights.h"

#include <optional>
#include <vector>

namespace mol_edge::network {

/// A convolution in bytes where its filter is, else by tiles where that pays, else as plain
/// products; see `ByteLayer`, `TiledLayer` and `Layer`.
class Convolution {
  public:
    /// 3 x 3 with a pad of 1.
    static Convolution same(const Filter& filter, float slope, const Views& in, const Views& out);
    /// 4 x 4 of stride 2 with a pad of 1.
    static Convolution halving(const Filter& filter, float slope, const Views& in,
                               const Views& out);
    /// Of any stride and pad, never by tiles.
    static Convolution strided(const Filter& filter, int stride, int pad, float slope,
                               const Views& in, const Views& out);
    /// Transposed, of kernel 4 and stride 2; see `Layer::phase`.
    static Convolution rising(const Filter& filter, float slope, const Views& in, const Views& out);

    [[nodiscard]] bool is_tiled() const { return tiled_.has_value(); }
    [[nodiscard]] bool in_bytes() const { return bytes_ || byte_tiles_; }
    /// For some items of a batch.
    void run(Team& team, const Kernels& kernels, Items items = {});

  private:
    std::optional<ByteLayer> bytes_;
    std::optional<ByteTiledLayer> byte_tiles_;
    std::optional<TiledLayer> tiled_;
    std::vector<Layer> plain_;
};

}  // namespace mol_edge::network
