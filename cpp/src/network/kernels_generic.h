#pragma once

#include "f5c_kernels.h"
#include "fixed_kernels.h"
#include "kernels.h"
#include "prediction_kernels.h"
#include "product_kernels.h"
#include "tile_kernels.h"
#include "vectors.h"

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mol_edge::network {
namespace {

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

/// `Rows` of `add_byte_rows`; shifts alone bring a block's bytes to vectors of words.
template <class Vector, int Rows>
MOL_EDGE_NETWORK_INLINE void add_few_byte_rows(const std::int8_t* const (&rows)[Rows],
                                               const std::int8_t* const (&next)[Rows],
                                               const float* values, int columns, float* to) {
    using Words = decltype(Vector{} < Vector{});
    constexpr int word = kByteBlock / 4;
    constexpr int bits = 8;
    Vector factors[Rows] = {};
#pragma GCC unroll 4
    for (int r = 0; r < Rows; ++r) spread(values[r], factors[r]);
    for (int n = 0; n < columns; n += kByteBlock) {
#pragma GCC unroll 4
        for (int r = 0; r < Rows; ++r) __builtin_prefetch(next[r] + n);
        for (int j = 0; j < word; j += kLanes<Vector>) {
            Words words[Rows];
#pragma GCC unroll 4
            for (int r = 0; r < Rows; ++r) {
                std::memcpy(&words[r], rows[r] + n + 4 * j, sizeof words[r]);
            }
#pragma GCC unroll 4
            for (int byte = 0; byte < 4; ++byte) {
                float* const out = to + n + word * byte + j;
                Vector sum;
                load(out, sum);
#pragma GCC unroll 4
                for (int r = 0; r < Rows; ++r) {
                    const Words whole = (words[r] << (bits * (3 - byte))) >> (bits * 3);
                    sum += factors[r] * __builtin_convertvector(whole, Vector);
                }
                store(sum, out);
            }
        }
    }
}

template <class Vector>
MOL_EDGE_NETWORK_TARGET void add_byte_rows(const std::int8_t* weights, int columns,
                                           const int* indices, const float* values, int count,
                                           float* to) {
    constexpr int together = 4;
    const auto row = [=](int i) {
        return weights + static_cast<std::ptrdiff_t>(indices[i < count ? i : count - 1]) * columns;
    };
    int i = 0;
    for (; i + together <= count; i += together) {
        const std::int8_t* rows[together];
        const std::int8_t* next[together];
        for (int j = 0; j < together; ++j) {
            rows[j] = row(i + j);
            next[j] = row(i + together + j);
        }
        add_few_byte_rows<Vector, together>(rows, next, values + i, columns, to);
    }
    for (; i < count; ++i) {
        const std::int8_t* const rows[] = {row(i)};
        add_few_byte_rows<Vector, 1>(rows, rows, values + i, columns, to);
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
    return {kRowsOf<Vector, kPanelsAtOnce<Vector>>,
            kPanelsAtOnce<Vector>,
            kPanelsOfEdges<Vector>,
            product<Vector>,
            tile_in<Vector>,
            tile_out<2, Vector>,
            tile_out<3, Vector>,
            nearest<Vector>,
            edges<Vector>,
            mix<Vector>,
            predict<Vector>,
            add_rows<OfEights<Vector>>,
            add_fixed_rows<Vector>,
            add_byte_rows<OfEights<Vector>>,
            transpose};
}

}  // namespace
}  // namespace mol_edge::network
