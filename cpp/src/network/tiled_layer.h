#pragma once

#include "mol_edge/team.h"

#include "buffer.h"
#include "kernels.h"
#include "layer.h"
#include "map.h"
#include "weights.h"

#include <cstddef>
#include <vector>

namespace mol_edge::network {

/// A convolution computed for tiles of 2 x 2 or 3 x 3 outputs at once, with 16 products for each
/// channel instead of 36 (of 3 x 3 or of 2 x 2 taps): Lavin and Gray, "Fast algorithms for
/// convolutional neural networks" (2016). It costs memory that is passed through, so it is for
/// large maps and many channels.
class TiledLayer {
  public:
    /// A 3 x 3 convolution with a pad of 1. All maps that are read need a rim of 1 before, and so
    /// much after as the last tile reaches beyond: at most 2 here, 5 and 3 below. Throws
    /// std::logic_error where it is less.
    static TiledLayer convolution(const Filter& filter, float slope, const Views& in,
                                  const Views& out);

    /// A 4 x 4 convolution of stride 2 with a pad of 1.
    static TiledLayer halving(const Filter& filter, float slope, const Views& in, const Views& out);

    /// A transposed convolution, see `Layer::phase`.
    static TiledLayer rising(const Filter& filter, float slope, const Views& in, const Views& out);

    /// Whether a thread takes some tiles from pixels to pixels; else all are brought on step by
    /// step.
    [[nodiscard]] bool in_bands() const { return band_ > 0; }

    /// For some items of a batch.
    void run(Team& team, const Kernels& kernels, Items items = {});

  private:
    /// Some inputs, whose tiles start at `origin`.
    struct Source {
        const float* origin;
        std::ptrdiff_t row_step;
        std::ptrdiff_t pixel_step;
        int channels;
    };
    /// Some outputs, of which those of the first tile would start at `origin`. Outputs outside of
    /// the bounds are not written.
    struct Target {
        float* origin;
        std::ptrdiff_t row_step;
        std::ptrdiff_t pixel_step;
        int channel;
        int first_row, end_row, first_column, end_column;
    };

    TiledLayer(int size, int outputs_side, float slope);
    void check_rim(const View& in, int stride) const;
    void set_whole_targets(const Views& out);
    void set_kernels(int inputs, int outputs, const float* bias);
    /// Brings kernel [side][side] of `filter` into the domain of tiles.
    void pack(int input, int output, const float* kernel, int side);
    void plan();
    /// Where a tile of a batch is: its item, and its first output.
    struct Place {
        std::size_t item;
        int y;
        int x;
    };
    [[nodiscard]] Place place_of(int tile) const;
    /// What some tiles are in the domain of tiles, as 16 matrices of `tiles` rows each: their
    /// points, and the products for some outputs; in a room of the team.
    struct Bench {
        int tiles = 0;
        int outputs = 0;
        float* points = nullptr;
        float* products = nullptr;
    };
    /// Rows of a matrix that one product takes.
    struct Rows {
        int first;
        int count;
    };
    /// Panels that one product takes.
    struct Panels {
        int first;
        int end;
    };
    [[nodiscard]] Bench bench_in(Team& team, int thread, int tiles, int outputs) const;
    /// All tiles step by step, so that each weight comes from memory once.
    void run_in_steps(Team& team, const Kernels& kernels, int begin, int tiles);
    /// Tiles that a band takes at most.
    [[nodiscard]] int band_of(const Kernels& kernels) const;
    /// Outputs that bands bring back to pixels at once.
    [[nodiscard]] int group_of(const Kernels& kernels) const;
    /// Bands of tiles from pixels to pixels, each by one thread and in its nearest caches.
    void run_in_bands(Team& team, const Kernels& kernels, int begin, int tiles);
    void run_band(const Kernels& kernels, const Bench& bench, int begin, int end) const;
    /// Brings a tile into row `row` of all matrices, and from there to pixels, where `first` is the
    /// first output of the products.
    void read(const Kernels& kernels, const Bench& bench, int tile, int row) const;
    void write(const Kernels& kernels, const Bench& bench, int tile, int row, int first) const;
    /// Panels of `matrix`, counted from the first output of the products, which is `first`.
    void multiply(const Kernels& kernels, const Bench& bench, int matrix, int first, Panels panels,
                  Rows rows, const float* next) const;
    [[nodiscard]] std::ptrdiff_t panel_size() const;
    /// Of `panel` of `matrix`, counted from the first output of all.
    [[nodiscard]] const float* weights_of(int matrix, int panel) const;

    int size_;
    int row_tiles_;
    float slope_;
    int inputs_ = 0;
    int outputs_ = 0;
    int chunk_ = 0;
    /// Tiles of a band, or 0 where all are computed in steps, so many at once.
    int band_ = 0;
    int at_once_ = 0;
    /// By item.
    std::vector<std::vector<Source>> sources_;
    std::vector<std::vector<Target>> targets_;
    int items_ = 0;
    int target_channels_ = 0;
    std::vector<float> bias_;
    Buffer packed_;
    /// By column of all panels, where the weights are in fixed point.
    std::vector<float> steps_;
};

}  // namespace mol_edge::network
