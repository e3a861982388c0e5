#pragma once

#include "kernels.h"

#include <cstddef>
#include <cstring>
#include <limits>

/// The kernels in vectors of a width that a target has registers for, compiled once per instruction
/// set: whoever includes this says in MOL_EDGE_NETWORK_TARGET for which. The functions bear the
/// target themselves, since what is inlined from a function without it has had its vectors taken
/// apart before. Hence a namespace without a name: each target has functions of its own.
#define MOL_EDGE_NETWORK_INLINE MOL_EDGE_NETWORK_TARGET [[gnu::always_inline]] inline

namespace mol_edge::network {
namespace {

using Four = float __attribute__((vector_size(16)));
using Eight = float __attribute__((vector_size(32)));

template <class Vector>
inline constexpr int kLanes = static_cast<int>(sizeof(Vector) / sizeof(float));

template <class Vector>
MOL_EDGE_NETWORK_INLINE void load(const float* from, Vector& to) {
    std::memcpy(&to, from, sizeof to);
}

template <class Vector>
MOL_EDGE_NETWORK_INLINE void store(const Vector& from, float* to) {
    std::memcpy(to, &from, sizeof from);
}

/// By a difference, since adding 0 would turn -0 to 0, and so be done.
template <class Vector>
MOL_EDGE_NETWORK_INLINE void spread(float value, Vector& to) {
    to = value - Vector{};
}

template <class Vector>
MOL_EDGE_NETWORK_INLINE void keep_larger(const Vector& other, Vector& value) {
    value = value > other ? value : other;
}

/// x where it is above 0, else slope * x, for slopes of at most 1.
template <class Vector>
MOL_EDGE_NETWORK_INLINE void activate(float slope, Vector& x) {
    const Vector less = x * slope;
    x = x > less ? x : less;
}

/// A piece of the inputs of a product, some taps or a part of one: so much of a panel stays in the
/// nearest cache while all rows are multiplied with it and the piece after it is fetched.
struct Piece {
    const std::ptrdiff_t* taps;
    int tap_count;
    int first;
    int run;
    const float* panel;
    const float* next;
    bool begins;
    bool ends;
};

inline constexpr int kPieceInputs = 256;

template <class Vector, int Rows, int Vectors>
MOL_EDGE_NETWORK_INLINE void product_of_rows(const Product& p, const Piece& piece, int first,
                                             int blocks, int block, float* partial) {
    constexpr int lanes = kLanes<Vector>;
    constexpr int width = Vectors * lanes;
    const float* const* const rows = p.rows + first;
    float* const kept = partial + first * width;
    Vector sums[Rows][Vectors] = {};
    if (!piece.begins) {
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
            for (int v = 0; v < Vectors; ++v) load(kept + r * width + v * lanes, sums[r][v]);
        }
    }
    // Each block fetches its share of the lines of the next piece.
    const int inputs = piece.tap_count * piece.run;
    const std::ptrdiff_t fetch_step = static_cast<std::ptrdiff_t>(width * sizeof(float)) / blocks;
    const char* ahead = reinterpret_cast<const char*>(piece.next) +
                        block * static_cast<std::ptrdiff_t>(inputs) * fetch_step;
    const float* b = piece.panel;
    for (int t = 0; t < piece.tap_count; ++t) {
        const float* a[Rows];
#pragma GCC unroll 16
        for (int r = 0; r < Rows; ++r) a[r] = rows[r] + piece.taps[t] + piece.first;
        for (std::ptrdiff_t k = 0; k < piece.run; ++k) {
            __builtin_prefetch(ahead);
            ahead += fetch_step;
            Vector column[Vectors];
#pragma GCC unroll 4
            for (int v = 0; v < Vectors; ++v) load(b + v * lanes, column[v]);
            b += width;
#pragma GCC unroll 16
            for (int r = 0; r < Rows; ++r) {
                Vector value;
                spread(a[r][k], value);
#pragma GCC unroll 4
                for (int v = 0; v < Vectors; ++v) sums[r][v] += value * column[v];
            }
        }
    }
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
        float* const whole = p.columns == width ? p.outs[first + r] : kept + r * width;
        float* const to = piece.ends ? whole : kept + r * width;
#pragma GCC unroll 4
        for (int v = 0; v < Vectors; ++v) {
            if (piece.ends) {
                Vector bias;
                load(p.bias + v * lanes, bias);
                sums[r][v] += bias;
                activate(p.slope, sums[r][v]);
            }
            store(sums[r][v], to + v * lanes);
        }
        if (piece.ends && p.columns < width) {
            std::memcpy(p.outs[first + r], to, static_cast<std::size_t>(p.columns) * sizeof(float));
        }
    }
}

/// Rows in blocks of nearly the same size, since a block of one row waits for its own sums.
template <class Vector>
MOL_EDGE_NETWORK_INLINE void wide_piece(const Product& p, const Piece& piece, float* partial) {
    constexpr int vectors = kPanel / kLanes<Vector>;
    const int blocks = (p.row_count + kRows - 1) / kRows;
    int first = 0;
    for (int block = 0; block < blocks; ++block) {
        const int rows = (p.row_count - first + blocks - block - 1) / (blocks - block);
        switch (rows) {
            case 6:
                product_of_rows<Vector, 6, vectors>(p, piece, first, blocks, block, partial);
                break;
            case 5:
                product_of_rows<Vector, 5, vectors>(p, piece, first, blocks, block, partial);
                break;
            case 4:
                product_of_rows<Vector, 4, vectors>(p, piece, first, blocks, block, partial);
                break;
            case 3:
                product_of_rows<Vector, 3, vectors>(p, piece, first, blocks, block, partial);
                break;
            case 2:
                product_of_rows<Vector, 2, vectors>(p, piece, first, blocks, block, partial);
                break;
            default:
                product_of_rows<Vector, 1, vectors>(p, piece, first, blocks, block, partial);
                break;
        }
        first += rows;
    }
}

template <class Vector>
MOL_EDGE_NETWORK_INLINE void narrow_piece(const Product& p, const Piece& piece, float* partial) {
    constexpr int vectors = kNarrowPanel / kLanes<Vector>;
    int first = 0;
    for (; first + kNarrowRows <= p.row_count; first += kNarrowRows) {
        product_of_rows<Vector, kNarrowRows, vectors>(p, piece, first, 1, 0, partial);
    }
    for (; first + 4 <= p.row_count; first += 4) {
        product_of_rows<Vector, 4, vectors>(p, piece, first, 1, 0, partial);
    }
    for (; first < p.row_count; ++first) {
        product_of_rows<Vector, 1, vectors>(p, piece, first, 1, 0, partial);
    }
}

template <class Vector>
MOL_EDGE_NETWORK_TARGET void product(const Product& p) {
    alignas(64) float partial[kMostRows * kPanel];
    const int width = p.narrow ? kNarrowPanel : kPanel;
    const int parts = (p.run + kPieceInputs - 1) / kPieceInputs;
    const int part = (p.run + parts - 1) / parts;
    const int taps = parts > 1 ? 1 : (kPieceInputs + p.run - 1) / p.run;
    const float* panel = p.panel;
    for (int tap = 0; tap < p.tap_count; tap += taps) {
        const int count = tap + taps < p.tap_count ? taps : p.tap_count - tap;
        for (int first = 0; first < p.run; first += part) {
            const int run = first + part < p.run ? part : p.run - first;
            const float* const after = panel + static_cast<std::ptrdiff_t>(count) * run * width;
            const bool ends = tap + count == p.tap_count && first + run == p.run;
            const Piece piece{p.taps + tap,
                              count,
                              first,
                              run,
                              panel,
                              ends && p.next != nullptr ? p.next : after,
                              panel == p.panel,
                              ends};
            if (p.narrow) {
                narrow_piece<Vector>(p, piece, partial);
            } else {
                wide_piece<Vector>(p, piece, partial);
            }
            panel = after;
        }
    }
}

/// Lavin and Gray, "Fast algorithms for convolutional neural networks" (2016), at the points
/// 0, 1, -1 and infinity: the same for 2 outputs of 3 taps and for 3 outputs of 2 taps.
template <class Vector>
MOL_EDGE_NETWORK_INLINE void to_points(const Vector& a, const Vector& b, const Vector& c,
                                       const Vector& d, Vector* to, int step) {
    to[0] = a - c;
    to[step] = b + c;
    to[2 * step] = c - b;
    to[3 * step] = d - b;
}

template <class Vector>
MOL_EDGE_NETWORK_TARGET void tile_in(const TileIn& tile) {
    for (int c = 0; c < tile.channels; c += kLanes<Vector>) {
        Vector rows[kTileArea];
#pragma GCC unroll 4
        for (int x = 0; x < kTile; ++x) {
            const float* const from = tile.from + x * tile.pixel_step + c;
            Vector column[kTile];
#pragma GCC unroll 4
            for (int y = 0; y < kTile; ++y) load(from + y * tile.row_step, column[y]);
            to_points(column[0], column[1], column[2], column[3], rows + x, kTile);
        }
        float* to = tile.to + c;
#pragma GCC unroll 4
        for (int y = 0; y < kTile; ++y) {
            Vector points[kTile];
            const Vector* const row = rows + y * kTile;
            to_points(row[0], row[1], row[2], row[3], points, 1);
#pragma GCC unroll 4
            for (int x = 0; x < kTile; ++x, to += tile.to_step) store(points[x], to);
        }
    }
}

/// Two outputs of four points, or three.
template <int Size, class Vector>
MOL_EDGE_NETWORK_INLINE void from_points(const Vector& a, const Vector& b, const Vector& c,
                                         const Vector& d, Vector* to, int step) {
    const Vector sum = b + c;
    const Vector difference = b - c;
    to[0] = a + sum;
    if constexpr (Size == 2) {
        to[step] = difference + d;
    } else {
        to[step] = difference;
        to[2 * step] = sum + d;
    }
}

template <int Size, class Vector>
MOL_EDGE_NETWORK_TARGET void tile_out(const TileOut& tile) {
    for (int c = 0; c < tile.channels; c += kLanes<Vector>) {
        Vector columns[Size * kTile];
#pragma GCC unroll 4
        for (int x = 0; x < kTile; ++x) {
            Vector points[kTile];
#pragma GCC unroll 4
            for (int y = 0; y < kTile; ++y) {
                load(tile.from + (y * kTile + x) * tile.from_step + c, points[y]);
            }
            from_points<Size>(points[0], points[1], points[2], points[3], columns + x, kTile);
        }
        Vector bias;
        load(tile.bias + c, bias);
#pragma GCC unroll 3
        for (int y = 0; y < Size; ++y) {
            if (y < tile.first_row || y >= tile.end_row) continue;
            Vector pixels[Size];
            const Vector* const row = columns + y * kTile;
            from_points<Size>(row[0], row[1], row[2], row[3], pixels, 1);
#pragma GCC unroll 3
            for (int x = 0; x < Size; ++x) {
                if (x < tile.first_column || x >= tile.end_column) continue;
                pixels[x] += bias;
                activate(tile.slope, pixels[x]);
                store(pixels[x], tile.to + y * tile.row_step + x * tile.pixel_step + c);
            }
        }
    }
}

template <class Vector, int Count>
MOL_EDGE_NETWORK_INLINE void largest(const Nearest& nearest) {
    constexpr int lanes = kLanes<Vector>;
    for (int part = 0; part < kPanel; part += lanes) {
        Vector values[Count] = {};
        Vector places[Count] = {};
#pragma GCC unroll 8
        for (int i = 0; i < Count; ++i) {
            spread(-3.0F, values[i]);  // below every cosine
        }
        for (int row = 0; row < kPositions; ++row) {
            Vector value, place;
            load(nearest.products + row * kPanel + part, value);
            spread(static_cast<float>(row), place);
#pragma GCC unroll 8
            for (int i = 0; i < Count; ++i) {
                const auto above = value > values[i];
                const Vector fallen = above ? values[i] : value;
                const Vector fallen_place = above ? places[i] : place;
                values[i] = above ? value : values[i];
                places[i] = above ? place : places[i];
                value = fallen;
                place = fallen_place;
            }
        }
#pragma GCC unroll 8
        for (int i = 0; i < Count; ++i) {
            float found[lanes];
            store(places[i], found);
            for (int lane = 0; lane < lanes; ++lane) {
                nearest.index[i * kPositions + part + lane] = static_cast<int>(found[lane]);
            }
        }
    }
}

template <class Vector>
MOL_EDGE_NETWORK_TARGET void nearest(const Nearest& n) {
    float* outs[kPositions];
    for (int row = 0; row < kPositions; ++row) outs[row] = n.products + row * kPanel;
    const float none[kPanel] = {};
    for (int first = 0; first < kPositions; first += kMostRows) {
        const int count = first + kMostRows < kPositions ? kMostRows : kPositions - first;
        product<Vector>({n.rows + first, outs + first, count, n.taps, n.tap_count, kPanel, n.panel,
                         none, 1.0F, kPanel, false, n.panel});
    }
    for (int row = 0; row < kPositions; ++row) {
        for (int i = 0; i < kPanel; ++i) outs[row][i] *= n.scales[row];
    }
    switch (n.neighbours) {
        case 1:
            largest<Vector, 1>(n);
            break;
        case 2:
            largest<Vector, 2>(n);
            break;
        case 3:
            largest<Vector, 3>(n);
            break;
        case 4:
            largest<Vector, 4>(n);
            break;
        case 5:
            largest<Vector, 5>(n);
            break;
        case 6:
            largest<Vector, 6>(n);
            break;
        case 7:
            largest<Vector, 7>(n);
            break;
        default:
            largest<Vector, kMostNeighbours>(n);
            break;
    }
}

/// A block of rows of a matrix times y; `index` says where row k of y lies, in place of k.
template <class Vector, bool Gathered>
MOL_EDGE_NETWORK_INLINE void block_times_y(const float* block, const float* y, const int* index,
                                           Vector (&sums)[kRows][kPanel / kLanes<Vector>]) {
    constexpr int lanes = kLanes<Vector>;
    for (int k = 0; k < kPositions; ++k) {
        const float* const from = y + (Gathered ? index[k] : k) * kPanel;
        Vector column[kPanel / lanes];
#pragma GCC unroll 4
        for (int v = 0; v < kPanel / lanes; ++v) load(from + v * lanes, column[v]);
#pragma GCC unroll 6
        for (int r = 0; r < kRows; ++r) {
            Vector value;
            spread(block[k * kRows + r], value);
#pragma GCC unroll 4
            for (int v = 0; v < kPanel / lanes; ++v) sums[r][v] += value * column[v];
        }
    }
}

template <class Vector>
MOL_EDGE_NETWORK_TARGET void edges(const Edges& e) {
    constexpr int lanes = kLanes<Vector>;
    constexpr int vectors = kPanel / lanes;
    for (int first = 0; first < kPositions; first += kRows) {
        const std::ptrdiff_t block = static_cast<std::ptrdiff_t>(first) * kPositions;
        float strongest[kRows][kPanel];
        for (auto& row : strongest) {
            for (float& value : row) value = std::numeric_limits<float>::lowest();
        }
        for (int rank = 0; rank < e.neighbours; ++rank) {
            Vector sums[kRows][vectors] = {};
            block_times_y<Vector, true>(e.other + block, e.y, e.index + rank * kPositions, sums);
#pragma GCC unroll 6
            for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 4
                for (int v = 0; v < vectors; ++v) {
                    Vector before;
                    load(&strongest[r][v * lanes], before);
                    keep_larger(before, sums[r][v]);
                    store(sums[r][v], &strongest[r][v * lanes]);
                }
            }
        }
        Vector sums[kRows][vectors] = {};
        block_times_y<Vector, false>(e.own + block, e.y, nullptr, sums);
#pragma GCC unroll 6
        for (int r = 0; r < kRows; ++r) {
            if (first + r >= kPositions) continue;
#pragma GCC unroll 4
            for (int v = 0; v < vectors; ++v) {
                Vector y, theirs;
                load(&strongest[r][v * lanes], theirs);
                load(e.y + (first + r) * kPanel + v * lanes, y);
                sums[r][v] += theirs + e.bias[first + r];
                activate(0.0F, sums[r][v]);
                store(Vector(sums[r][v] + y), e.out + (first + r) * e.out_step + v * lanes);
            }
        }
    }
}

/// Where the weights of a line of 16 pixels lie: steps from one output to the next, and from one
/// input to the next.
struct LineWeights {
    const float* values;
    std::ptrdiff_t output_step;
    std::ptrdiff_t input_step;
};

/// Of one line of 16 pixels: to[o] = sum over i of weights[o][i] * from[i], each of 16 channels by
/// itself.
template <class Vector>
MOL_EDGE_NETWORK_INLINE void mix_line(const float* from, std::ptrdiff_t from_step,
                                      const LineWeights& weights, float* to,
                                      std::ptrdiff_t to_step) {
    constexpr int lanes = kLanes<Vector>;
    constexpr int together = 8;
    for (int part = 0; part < kPanel; part += lanes) {
        for (int first = 0; first < kSide; first += together) {
            Vector sums[together] = {};
            const float* line = weights.values + first * weights.output_step + part;
            for (int i = 0; i < kSide; ++i, line += weights.input_step) {
                Vector value;
                load(from + i * from_step + part, value);
#pragma GCC unroll 8
                for (int o = 0; o < together; ++o) {
                    Vector weight;
                    load(line + o * weights.output_step, weight);
                    sums[o] += weight * value;
                }
            }
#pragma GCC unroll 8
            for (int o = 0; o < together; ++o) store(sums[o], to + (first + o) * to_step + part);
        }
    }
}

template <class Vector>
MOL_EDGE_NETWORK_TARGET void mix(const Mix& m) {
    constexpr int lanes = kLanes<Vector>;
    constexpr std::ptrdiff_t line = kSide * kPanel;
    // `left` is [to][from], along columns; `right` is [from][to], along rows.
    const LineWeights left{m.left, line, kPanel};
    for (int x = 0; x < kSide; ++x) {
        mix_line<Vector>(m.x + x * m.x_step, kSide * m.x_step, left, m.scratch + x * kPanel, line);
    }
    const LineWeights right{m.right, kPanel, line};
    for (int y = 0; y < kSide; ++y) {
        mix_line<Vector>(m.scratch + y * line, kPanel, right, m.out + y * line, kPanel);
    }
    for (int p = 0; p < kPositions; ++p) {
        float sum = 0;
        for (int part = 0; part < kPanel; part += lanes) {
            Vector value, shift, x;
            load(m.out + p * kPanel + part, value);
            load(m.constant + p * kPanel + part, shift);
            load(m.x + p * m.x_step + part, x);
            value += shift + x;
            store(value, m.out + p * kPanel + part);
            const Vector square = value * value;
            for (int lane = 0; lane < lanes; ++lane) sum += square[lane];
        }
        m.squares[p] = sum;
    }
}

template <class Vector>
MOL_EDGE_NETWORK_TARGET void add_rows(const float* weights, int columns, const int* indices,
                                      const float* values, int count, float* to) {
    constexpr int lanes = kLanes<Vector>;
    constexpr int together = 4;
    int i = 0;
    for (; i + together <= count; i += together) {
        const float* rows[together];
        Vector factors[together] = {};
#pragma GCC unroll 4
        for (int j = 0; j < together; ++j) {
            rows[j] = weights + static_cast<std::ptrdiff_t>(indices[i + j]) * columns;
            spread(values[i + j], factors[j]);
        }
        // The rows after these, which need not follow them in memory.
        const float* next[together];
#pragma GCC unroll 4
        for (int j = 0; j < together; ++j) {
            const int at = i + together + j < count ? i + together + j : i + j;
            next[j] = weights + static_cast<std::ptrdiff_t>(indices[at]) * columns;
        }
        for (int n = 0; n < columns; n += lanes) {
            if (n % (kPanel) == 0) {
#pragma GCC unroll 4
                for (int j = 0; j < together; ++j) __builtin_prefetch(next[j] + n);
            }
            Vector sum;
            load(to + n, sum);
#pragma GCC unroll 4
            for (int j = 0; j < together; ++j) {
                Vector weight;
                load(rows[j] + n, weight);
                sum += factors[j] * weight;
            }
            store(sum, to + n);
        }
    }
    for (; i < count; ++i) {
        const float* const row = weights + static_cast<std::ptrdiff_t>(indices[i]) * columns;
        for (int n = 0; n < columns; n += lanes) {
            Vector sum, weight;
            load(to + n, sum);
            load(row + n, weight);
            sum += weight * values[i];
            store(sum, to + n);
        }
    }
}

MOL_EDGE_NETWORK_TARGET void transpose(const float* from, std::ptrdiff_t from_step, int rows,
                                       int columns, float* to, std::ptrdiff_t to_step) {
    constexpr int block = 8;
    for (int r = 0; r < rows; r += block) {
        for (int c = 0; c < columns; c += block) {
#pragma GCC unroll 8
            for (int j = 0; j < block; ++j) {
                float line[block];
#pragma GCC unroll 8
                for (int i = 0; i < block; ++i) line[i] = from[(r + i) * from_step + c + j];
                std::memcpy(to + (c + j) * to_step + r, line, sizeof line);
            }
        }
    }
}

template <class Vector>
constexpr Kernels kernels_of() {
    return {product<Vector>,     tile_in<Vector>,  tile_out<2, Vector>,
            tile_out<3, Vector>, nearest<Vector>,  edges<Vector>,
            mix<Vector>,         add_rows<Vector>, transpose};
}

}  // namespace
}  // namespace mol_edge::network
