#pragma once

#include "mol_edge/image.h"

#include "row_kernels.h"

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace mol_edge {

// Taps are words whose bytes are told apart by shifts.
static_assert(std::endian::native == std::endian::little, "mol_edge reads little-endian words");

template <class Word>
Word load(const std::uint8_t* from) {
    Word word;
    std::memcpy(&word, from, sizeof word);
    return word;
}

/// Colour of three bytes per pixel. Reads two bytes beyond the right tap.
struct ColorSource {
    using Taps = ColorTaps;
    static constexpr int kColumnsRead = 3;

    static void gather(const ImageView& image, const RowSamples& samples, ColumnRange columns,
                       ColorTaps& taps) {
        for (auto i = static_cast<std::size_t>(columns.first);
             i < static_cast<std::size_t>(columns.last); ++i) {
            const std::uint8_t* const at = image.data + std::ptrdiff_t{samples.offset[i]};
            taps.upper[i] = load<std::uint64_t>(at);
            taps.lower[i] = load<std::uint64_t>(at + image.row_stride);
        }
    }
};

/// Luma of one byte per pixel; pairs are rows.
struct PlaneSource {
    using Taps = LumaTaps;
    static constexpr int kColumnsRead = 2;

    static void gather(const ImageView& image, const RowSamples& samples, ColumnRange columns,
                       LumaTaps& taps) {
        for (auto i = static_cast<std::size_t>(columns.first);
             i < static_cast<std::size_t>(columns.last); ++i) {
            const std::uint8_t* const at = image.data + std::ptrdiff_t{samples.offset[i]};
            const std::uint32_t upper = load<std::uint16_t>(at);
            const std::uint32_t lower = load<std::uint16_t>(at + image.row_stride);
            taps.pairs[i] = upper | lower << 16;
        }
    }

    static const Row<float>& inner(const RowSamples& samples) { return samples.right; }
    static const Row<float>& outer(const RowSamples& samples) { return samples.lower; }
};

/// Luma in the first of two bytes per pixel; pairs are columns.
struct YuyvSource {
    using Taps = LumaTaps;
    static constexpr int kColumnsRead = 2;

    static void gather(const ImageView& image, const RowSamples& samples, ColumnRange columns,
                       LumaTaps& taps) {
        for (auto i = static_cast<std::size_t>(columns.first);
             i < static_cast<std::size_t>(columns.last); ++i) {
            const std::uint8_t* const at = image.data + std::ptrdiff_t{samples.offset[i]};
            const std::uint32_t upper = load<std::uint32_t>(at) & kLuma;
            const std::uint32_t lower = load<std::uint32_t>(at + image.row_stride) & kLuma;
            taps.pairs[i] = upper | lower << 8;
        }
    }

    static const Row<float>& inner(const RowSamples& samples) { return samples.lower; }
    static const Row<float>& outer(const RowSamples& samples) { return samples.right; }

  private:
    static constexpr std::uint32_t kLuma = 0x00FF00FF;
};

}  // namespace mol_edge
