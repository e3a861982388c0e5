#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace mol_edge::network {

/// Largest value of a pixel's byte, whose smallest is 0, and largest magnitude of a weight.
inline constexpr int kMostByte = 255;
inline constexpr int kMostByteWeight = 127;
/// Columns of a panel of weights in bytes for most kernels, and for any (see `ByteKernels::panel`).
inline constexpr int kBytePanel = 16;
inline constexpr int kMostBytePanel = 32;
/// Inputs of a row come in multiples of this, and lie so in a panel: [4][columns][4] of each
/// sixteen.
inline constexpr int kByteUnit = 16;
inline constexpr int kByteFours = kByteUnit / 4;
/// Of such a unit, inputs 4i and 4i + 1 of each four are summed in 16 bits, and so are the others.
/// Neither the weights above 0 nor those below may sum to more than this there, so that every
/// processor gives the same sums.
inline constexpr int kMostByteSum = 32767 / kMostByte;
/// Weights of four bits lie in such blocks of bytes: of 2n weights, the first n are the lower
/// halves of n bytes and the others the upper ones, less `kNibbleZero`.
inline constexpr int kNibbleBlock = 32;
inline constexpr int kNibbleZero = 8;
inline constexpr int kMostNibbleWeight = 7;
/// Rows that most kernels take at once (see `ByteKernels::rows`), and rows of one product.
inline constexpr int kByteRows = 6;
inline constexpr int kMostByteRows = 48;
/// See `ByteKernels::task_products`.
inline constexpr std::ptrdiff_t kByteTaskProducts = 1'000'000;

/// Up to `kMostByteRows` rows times one panel: out[r][n] = activation(bias[n] + scale[n] *
/// (start[n] + sum over t, k of rows[r][taps[t] + k] * panel[t * run + k][n])).
struct ByteProduct {
    const std::uint8_t* const* rows = nullptr;
    float* const* outs = nullptr;
    int row_count = 0;
    const std::ptrdiff_t* taps = nullptr;
    int tap_count = 0;
    int run = 0;
    const std::int8_t* panel = nullptr;
    /// One value per column of the panel.
    const std::int32_t* start = nullptr;
    const float* scale = nullptr;
    const float* bias = nullptr;
    /// Factor of values below 0.
    float slope = 1;
    /// How many columns are written: of several panels, where kernels take these at once.
    int columns = 0;
    /// The panel that the caller will want next, to be fetched meanwhile.
    const std::int8_t* next = nullptr;
    /// Whether the panel's weights have four bits, see `kNibbleBlock`.
    bool in_nibbles = false;
    /// From one panel to the next.
    std::ptrdiff_t panel_step = 0;
    /// Where it is not null, start[n] + sum is all that is wanted, [row_count][panel].
    std::int32_t* sums = nullptr;
};

/// Pixels to bytes: value * factor + zero, rounded and kept from 0 to `kMostByte`, less the
/// kernels' offset.
struct ByteRow {
    const float* from;
    std::ptrdiff_t pixel_step;
    int pixels;
    /// A multiple of 8, and how far apart pixels lie in `to`.
    int channels;
    /// By channel.
    const float* factors;
    float zero;
    std::uint8_t* to;
};

/// What the differences of pixels are counted from, and how far they reach below it; where they
/// are larger, they are cut off.
inline constexpr int kNoDifference = 128;

/// Differences of a line of values and those one pixel or one row on: `across` holds
/// from[i] - from[i + step], `down` from[i] - from[i + row], `both` the differences down of those
/// across. All with `kNoDifference` added, less the kernels' offset.
struct ByteDifferences {
    const std::uint8_t* from;
    std::ptrdiff_t step;
    std::ptrdiff_t row;
    int count;
    std::uint8_t* across;
    std::uint8_t* down;
    std::uint8_t* both;
};

/// Tiles of 2 x 2 outputs from their 3 x 3 points, for the columns of a panel: of each of `rows`
/// and `columns` the first output is the first point and the second, and the second output is the
/// second and the third.
struct ByteTiles {
    /// Of a point, the sums of a panel's columns for each tile.
    const std::int32_t* from;
    std::ptrdiff_t point_step;
    int count;
    /// What the sums are worth, [points][panel].
    const float* scale;
    const float* bias;
    float slope;
    /// The first output of each tile, and how far the others lie.
    float* const* outs;
    std::ptrdiff_t row_step;
    std::ptrdiff_t pixel_step;
    int columns;
};

/// What computes in bytes, compiled for one kind of processor.
struct ByteKernels {
    const char* name;
    /// What is taken off each value of a pixel, so that its byte has a sign; or 0.
    int offset;
    /// Columns of a panel.
    int panel;
    /// Rows that `product` takes at once.
    int rows;
    /// Panels that it may be given at once.
    int panels;
    /// Multiplications of one task, some ten microseconds.
    std::ptrdiff_t task_products;
    /// Whether fewer products are worth what differences take, see `ByteTiledLayer`.
    bool tiles_pay;
    void (*product)(const ByteProduct& product);
    void (*quantize)(const ByteRow& row);
    void (*differ)(const ByteDifferences& line);
    void (*tiles)(const ByteTiles& tiles);
};

/// Those that this processor runs, the fastest last. All give the same.
const std::vector<ByteKernels>& byte_kernels();

}  // namespace mol_edge::network
