#include "mol_edge/crop.h"

#include "mol_edge/error.h"

#include "edge.h"
#include "row_kernels.h"
#include "sampling_grid.h"
#include "taps.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>

namespace mol_edge {
namespace {

/// Memory is asked for so many rows before it is read, and for every so many columns: a face as
/// wide as the crop or twice as wide has that many pixels of three bytes in 64 of them.
constexpr int kFetchRows = 4;
constexpr std::size_t kFetchEvery = 8;

/// Everything that the rows of one crop share.
struct CropJob {
    CropJob(const ImageView& view, const Transform& to_aligned, Affine luma_affine)
        : image(view),
          grid(view, to_aligned),
          kernels(row_kernels(current_isa())),
          weights(view.format == PixelFormat::kRgb ? kRgbWeights : kBgrWeights),
          limited(is_limited(view)),
          affine(luma_affine),
          tap_affine(luma_affine) {
        if (limited) {
            tap_affine.gain = affine.gain * kLimitedGain;
            tap_affine.bias = affine.bias - kLimitedBlack * tap_affine.gain;
        }
    }

    ImageView image;
    SamplingGrid grid;
    const RowKernels& kernels;
    LumaWeights weights;
    bool limited;
    Affine affine;      ///< of luma from 0 to 255
    Affine tap_affine;  ///< of interpolated bytes of the image
};

template <class Source>
void blend(const CropJob& job, LumaTaps& taps, const RowSamples& samples, float* out) {
    if (job.limited) job.kernels.clamp_limited(taps);
    job.kernels.blend_luma(taps, Source::inner(samples), Source::outer(samples), job.tap_affine,
                           out);
}

template <class Source>
void blend(const CropJob& job, const ColorTaps& taps, const RowSamples& samples, float* out) {
    job.kernels.blend_color(taps, samples, job.weights, job.tap_affine, out);
}

/// Columns of a row by where their taps lie: all in the image within `inside`, some of them within
/// `touching`, none beyond.
struct RowPlan {
    ColumnRange inside;
    ColumnRange touching;
};

/// `columns_read` is how many columns of the image fast code reads from the upper left tap on.
RowPlan plan_row(const CropJob& job, const RowStart& start, int columns_read) {
    const int width = job.image.width;
    const int height = job.image.height;
    const ColumnRange inside =
        job.grid.columns_within(start, {{0, width - columns_read}, {0, height - 2}});
    if (inside.first == 0 && inside.last == kCropSize) return {inside, inside};
    const ColumnRange touching =
        job.grid.columns_within(start, {{-1, width - 1}, {-1, height - 1}});
    if (inside.first == inside.last) return {{touching.first, touching.first}, touching};
    return {inside, touching};
}

void fill_edge(const CropJob& job, const RowStart& start, ColumnRange columns, float* out) {
    for (int column = columns.first; column < columns.last; ++column) {
        const float luma = edge_luma(job.image, job.weights, job.grid.sample(start, column));
        out[column] = luma * job.affine.gain + job.affine.bias;
    }
}

/// What lies outside of `plan.inside`.
void fill_surroundings(const CropJob& job, const RowStart& start, const RowPlan& plan, float* out) {
    const float border = kBorderLuma * job.affine.gain + job.affine.bias;
    std::fill(out, out + plan.touching.first, border);
    fill_edge(job, start, {plan.touching.first, plan.inside.first}, out);
    fill_edge(job, start, {plan.inside.last, plan.touching.last}, out);
    std::fill(out + plan.touching.last, out + kCropSize, border);
}

/// Asks for the pixels of a row of the crop some rows after the one whose `samples` are given:
/// other work has swept the caches, and no processor sees by itself where the next row of an image
/// lies.
void fetch_ahead(const CropJob& job, const RowStart& start, const RowStart& later,
                 const RowSamples& samples) {
    // Sums of offsets may leave the image, where a fetch does nothing: they are no pointers.
    const std::uint32_t rows = later.offset - start.offset;
    const auto image = reinterpret_cast<std::uintptr_t>(job.image.data);
    for (std::size_t i = 0; i < kCropSize; i += kFetchEvery) {
        const auto offset =
            static_cast<std::int32_t>(static_cast<std::uint32_t>(samples.offset[i]) + rows);
        const auto upper = image + static_cast<std::uintptr_t>(std::ptrdiff_t{offset});
        const auto lower = upper + static_cast<std::uintptr_t>(job.image.row_stride);
        __builtin_prefetch(reinterpret_cast<const void*>(upper));
        __builtin_prefetch(reinterpret_cast<const void*>(lower));
    }
}

/// Calls `emit(row, values)` for each row of the crop.
template <class Source, class Emit>
void crop_rows(const CropJob& job, Emit emit) {
    RowSamples samples;
    typename Source::Taps taps{};
    alignas(64) Row<float> values;
    std::array<RowStart, kCropSize + kFetchRows> starts;
    for (int row = 0; RowStart& start : starts) start = job.grid.row_start(row++);
    for (int row = 0; row < kCropSize; ++row) {
        const RowStart& start = starts[static_cast<std::size_t>(row)];
        const RowPlan plan = plan_row(job, start, Source::kColumnsRead);
        if (plan.inside.first < plan.inside.last) {
            job.kernels.locate(job.grid, start, samples);
            fetch_ahead(job, start, starts[static_cast<std::size_t>(row + kFetchRows)], samples);
            Source::gather(job.image, samples, plan.inside, taps);
            blend<Source>(job, taps, samples, values.data());
        }
        fill_surroundings(job, start, plan, values.data());
        emit(row, values);
    }
}

template <class Emit>
void crop(const CropJob& job, Emit emit) {
    switch (bytes_per_pixel(job.image.format)) {
        case 3:
            return crop_rows<ColorSource>(job, emit);
        case 2:
            return crop_rows<YuyvSource>(job, emit);
        default:
            return crop_rows<PlaneSource>(job, emit);
    }
}

Affine affine_of(const Normalization& normalization) {
    const auto [mean, scale] = normalization;
    const auto gain = static_cast<float>(1 / scale);
    const auto bias = static_cast<float>(-mean / scale);
    if (!(scale > 0) || !std::isfinite(scale) || !std::isfinite(gain) || !std::isfinite(bias)) {
        throw OptionError("mean must be finite and scale positive, got mean " +
                          std::to_string(mean) + " and scale " + std::to_string(scale) +
                          ": take both from the bundle's manifest.");
    }
    return {gain, bias};
}

}  // namespace

void crop_float(const ImageView& image, const Transform& to_aligned,
                const Normalization& normalization, std::span<float, kCropPixels> out) {
    validate(image);
    const CropJob job(image, to_aligned, affine_of(normalization));
    crop(job, [&](int row, const Row<float>& values) {
        std::copy(values.begin(), values.end(), out.begin() + row * kCropSize);
    });
}

void crop_uint8(const ImageView& image, const Transform& to_aligned,
                std::span<std::uint8_t, kCropPixels> out) {
    validate(image);
    const CropJob job(image, to_aligned, {1, 0});
    crop(job, [&](int row, const Row<float>& values) {
        job.kernels.round(values.data(), out.data() + row * kCropSize);
    });
}

bool are_finite(std::span<const float> crops) {
    // Numbers that are none have all bits of the exponent; whole words fill vectors.
    constexpr std::uint32_t exponent = 0x7F800000;
    std::uint32_t none = 0;
    for (const float value : crops) {
        none |= (std::bit_cast<std::uint32_t>(value) & exponent) == exponent ? 1U : 0U;
    }
    return none == 0;
}

}  // namespace mol_edge
