#pragma once

#include "mol_edge/isa.h"

#include <cstddef>
#include <cstdint>

namespace mol_edge::network {

/// Columns of a panel of weights, and of a panel of maps: so many channels lie side by side.
inline constexpr int kPanel = 16;
/// Columns of a panel of a layer that has no more outputs than this.
inline constexpr int kNarrowPanel = 8;
/// Panels that a product takes at once at most (see `Kernels::panels`).
inline constexpr int kMostPanels = 4;
/// Rows that a product takes at once, of wide panels (another number where a register holds a whole
/// row of one, see `Kernels::rows`) and of narrow ones.
inline constexpr int kRows = 6;
inline constexpr int kNarrowRows = 12;
/// Rows of one product.
inline constexpr int kMostRows = 4 * kNarrowRows;
/// Side of the squares that tiled convolutions read.
inline constexpr int kTile = 4;
inline constexpr int kTileArea = kTile * kTile;
/// Columns of a matrix in bytes that lie together, see `Kernels::add_byte_rows`.
inline constexpr int kByteBlock = 32;
/// Inputs of a panel in fixed point whose weights share words, and how many of these; see
/// `FixedPanels`.
inline constexpr int kFixedGroup = 4;
inline constexpr int kFixedWords = 3;
/// Columns of a matrix in fixed point that lie together, see `Kernels::add_fixed_rows`.
inline constexpr int kFixedBlock = kFixedGroup * kPanel;
inline constexpr int kMostNeighbours = 8;
/// Components of flow.
inline constexpr int kFlow = 2;
/// Taps of a prediction of flow along one side, and what its channels come in multiples of.
inline constexpr int kPredictTaps = 3;
inline constexpr int kPredictUnit = 8;
/// Positions of a map of features, and its side.
inline constexpr int kSide = 16;
inline constexpr int kPositions = kSide * kSide;

/// Up to `kMostRows` rows times a panel, or several (see `Kernels::panels`): out[r][n] =
/// activation(bias[n] + sum over t, k of rows[r][taps[t] + k] * panel[t * run + k][n]).
struct Product {
    const float* const* rows;
    float* const* outs;
    int row_count;
    const std::ptrdiff_t* taps;
    int tap_count;
    int run;
    const float* panel;
    /// One value per column of the panel.
    const float* bias;
    /// Factor of values below 0.
    float slope;
    /// How many columns are written, of as many panels as they take.
    int columns;
    bool narrow;
    /// The panel that the caller will want next, to be fetched meanwhile; or null.
    const float* next;
    /// From one panel to the next.
    std::ptrdiff_t panel_step = 0;
    /// What weights are whole multiples of, one value per column, where the panel is a wide one in
    /// fixed point, see `FixedPanels`; else null.
    const float* steps = nullptr;
};

/// 4 x 4 pixels of `channels` values each, to be brought into the domain of tiles.
struct TileIn {
    const float* from;
    std::ptrdiff_t row_step;
    std::ptrdiff_t pixel_step;
    int channels;
    float* to;
    /// Between two of the 16 results of a channel.
    std::ptrdiff_t to_step;
};

/// The 16 products of a tile, to become `size` x `size` pixels, of which a part is written.
struct TileOut {
    const float* from;
    std::ptrdiff_t from_step;
    int channels;
    float* to;
    std::ptrdiff_t row_step;
    std::ptrdiff_t pixel_step;
    int first_row, end_row, first_column, end_column;
    const float* bias;
    float slope;
};

/// Which rows of a column are largest, for 16 columns of 256 rows side by side.
struct Nearest {
    const float* values;
    std::ptrdiff_t row_step;
    int neighbours;
    /// [neighbours][256], the first of the 16 columns.
    int* index;
};

/// What a panel of 16 channels, or as many as `Kernels::edge_panels`, gain from its neighbours: y +
/// relu(both y + bias + max over j of other (y[index[j]] - y)), 256 positions.
struct Edges {
    /// [256][16] of each panel, and how far apart these lie.
    const float* y;
    std::ptrdiff_t panel_step;
    /// Matrices by blocks of `kRows` rows, [blocks][256][kRows], of which there are an even number:
    /// what a position takes from itself where it is its own neighbour, and from a neighbour.
    const float* both;
    const float* other;
    const float* bias;
    const int* index;
    int neighbours;
    /// [256][16 of each panel], at `out_step` from position to position.
    float* out;
    std::ptrdiff_t out_step;
};

/// A panel of 16 channels through two products of 16 x 16: left x right + constant + x.
struct Mix {
    /// [16][16] pixels, `x_step` from one to the next.
    const float* x;
    std::ptrdiff_t x_step;
    /// [16][16][16 channels]
    const float* left;
    const float* right;
    const float* constant;
    float* scratch;
    float* out;
    /// Adds the squares of each position's channels, [256].
    float* squares;
};

/// A 3 x 3 convolution to the two components of flow, of pixels side by side. So few outputs would
/// leave most of a vector idle, so vectors are of channels here, and are added up in the end.
struct Predict {
    /// The left neighbour of the first pixel, in the row above, its own and the one below.
    const float* rows[kPredictTaps];
    std::ptrdiff_t pixel_step;
    int pixels;
    /// In multiples of `kPredictUnit`.
    int channels;
    /// [row][channels / unit][column][components][unit]
    const float* weights;
    float* to;
    std::ptrdiff_t to_step;
    /// From one component to the other.
    std::ptrdiff_t part_step;
};

/// The arithmetic of the network, compiled for one instruction set.
struct Kernels {
    /// Rows of a wide panel that `product` takes at once.
    int rows;
    /// Wide panels that it may be given at once.
    int panels;
    /// Panels that `edges` takes.
    int edge_panels;
    void (*product)(const Product& product);
    void (*tile_in)(const TileIn& tile);
    /// Of tiles that give 2 x 2 pixels, and 3 x 3.
    void (*tile_out_2)(const TileOut& tile);
    void (*tile_out_3)(const TileOut& tile);
    void (*nearest)(const Nearest& nearest);
    void (*edges)(const Edges& edges);
    void (*mix)(const Mix& mix);
    void (*predict)(const Predict& predict);
    /// to[n] += sum over i of values[i] * weights[indices[i] * columns + n].
    void (*add_rows)(const float* weights, int columns, const int* indices, const float* values,
                     int count, float* to);
    /// The same with weights in fixed point and columns in multiples of `kFixedBlock`; in each such
    /// block word n of the first three sixteens has parts of columns n, n + 16, n + 32 and n + 48,
    /// see `put_fixed`.
    void (*add_fixed_rows)(const float* words, int columns, const int* indices, const float* values,
                           int count, float* to);
    /// The same with weights in bytes and columns in multiples of `kByteBlock`; in each such block
    /// the byte of column 8i + j lies at 4j + i.
    void (*add_byte_rows)(const std::int8_t* weights, int columns, const int* indices,
                          const float* values, int count, float* to);
    /// to[c][r] = from[r][c] of a matrix with rows and columns in multiples of 8.
    void (*transpose)(const float* from, std::ptrdiff_t from_step, int rows, int columns, float* to,
                      std::ptrdiff_t to_step);
};

#if defined(__x86_64__)
/// For AVX2 and FMA: call nothing of them on a processor that lacks either.
const Kernels& avx2_kernels();
/// For these and the F, VL, BW and DQ of AVX-512.
const Kernels& avx512_kernels();
#endif
const Kernels& kernels(Isa isa);

}  // namespace mol_edge::network
