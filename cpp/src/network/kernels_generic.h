#pragma once

#include "f5c_kernels.h"
#include "kernels.h"
#include "prediction_kernels.h"
#include "product_kernels.h"
#include "tile_kernels.h"
#include "vectors.h"

#include <cstddef>
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
    return {kRowsAtOnce<Vector>,
            product<Vector>,
            tile_in<Vector>,
            tile_out<2, Vector>,
            tile_out<3, Vector>,
            nearest<Vector>,
            edges<Vector>,
            mix<Vector>,
            predict<OfEights<Vector>>,
            add_rows<OfEights<Vector>>,
            transpose};
}

}  // namespace
}  // namespace mol_edge::network
