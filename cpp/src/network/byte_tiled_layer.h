#pragma once

#include "mol_edge/team.h"

#include "byte_kernels.h"
#include "byte_maps.h"
#include "byte_part.h"
#include "map.h"
#include "weights.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mol_edge::network {

/// Taps of a tiled convolution's row or column.
inline constexpr int kMostTileTaps = 4;

/// A convolution in bytes, see `ByteLayer`, computed for tiles of 2 x 2 outputs at once. Along a
/// row, two outputs of two taps g are, of the pixels d,
///     d0 g0 + d1 g1 = (d0 - d1) g0 + d1 (g0 + g1)
///     d1 g0 + d2 g1 = d1 (g0 + g1) - (d1 - d2) g1,
/// three products instead of four, and so along a column: 9 instead of 16. Differences of
/// neighbours are small in maps of features, so bytes hold them as finely as the pixels; only
/// where neighbours lie more than half of their range apart are they cut off. A third tap is
/// multiplied as it is: 25 products instead of 36.
class ByteTiledLayer {
  public:
    /// Whether a layer of that many outputs on a side can be computed so.
    static bool fits(int side) { return side % 2 == 0; }

    /// A 3 x 3 convolution or a 4 x 4 one of stride 2, with a pad of 1. The filter must be in
    /// bytes, as below.
    static ByteTiledLayer convolution(const ByteKernels& kernels, const Filter& filter, float slope,
                                      const Views& in, const Views& out);
    /// A transposed convolution, see `Layer::phase`.
    static ByteTiledLayer rising(const ByteKernels& kernels, const Filter& filter, float slope,
                                 const Views& in, const Views& out);

    /// For some items of a batch.
    void run(Team& team, Items items = {});

  private:
    static constexpr int kPoints = 9;
    /// Pixels around a map on both sides together.
    static constexpr int kRim = 2;
    /// Tiles of one task, whose points stay in the nearest cache.
    static constexpr int kMostTiles = kMostByteRows;

    /// What a point of a tile is the sum of: a plane's pixels at one of `places_` times some taps.
    struct Term {
        bool difference;
        float factors[kMostTileTaps][kMostTileTaps];
    };
    /// `rows`: of tiles.
    ByteTiledLayer(const ByteKernels& kernels, const Filter& filter, float slope, const Views& in,
                   int rows);
    void pack(BytePart& part, const Filter& filter, int first_output, int outputs);
    void pack_column(BytePart& part, const Filter& filter, int output, int column, int point);
    /// Where the weights of a panel for a point begin within a part's.
    [[nodiscard]] std::ptrdiff_t place_of(int panel, int point) const;
    [[nodiscard]] const std::int8_t* weights_of(const BytePart& part, int panel, int point) const;
    [[nodiscard]] std::ptrdiff_t panel_size() const;
    [[nodiscard]] int tasks(Items items) const;
    [[nodiscard]] int tiles_of_item() const;
    /// So many as fill the blocks of a product, of some tens of microseconds.
    [[nodiscard]] int tiles_of_task() const;
    /// Panels of all parts, which have the same number of tiles and outputs each.
    [[nodiscard]] int groups() const;
    /// Whether some tiles are multiplied with all weights before the next tiles, since pixels take
    /// more memory than weights; else all tiles with some weights before the next weights.
    [[nodiscard]] bool keeps_pixels() const;
    [[nodiscard]] ByteTask in_group(int group, int first, int count) const;
    [[nodiscard]] ByteTask task_of(int task, Items items) const;
    /// Of pixels behind `bytes`, while the weights of the task after it are fetched.
    void multiply(const ByteTask& task, const std::uint8_t* bytes, const ByteTask& next) const;
    /// From pixels to pixels.
    void run_strip(int strip, int thread);

    ByteKernels kernels_;
    ByteMaps maps_;
    /// Rows of tiles, and lines of pixels that each moves on.
    int rows_;
    int lines_of_row_;
    float slope_;
    float zero_;
    std::ptrdiff_t out_row_ = 0;
    std::ptrdiff_t out_pixel_ = 0;
    std::vector<Term> terms_[kPoints];
    /// The places of each point's terms, and how many terms come before it.
    std::vector<std::ptrdiff_t> places_[kPoints];
    std::ptrdiff_t before_[kPoints + 1] = {};
    std::vector<BytePart> parts_;
};

}  // namespace mol_edge::network
