#include "mol_edge/image.h"

#include "mol_edge/error.h"

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>

namespace mol_edge {
namespace {

constexpr int kMaxSide = 1 << 24;

constexpr std::array<std::pair<std::string_view, PixelFormat>, 5> kNames{{
    {"bgr", PixelFormat::kBgr},
    {"rgb", PixelFormat::kRgb},
    {"gray", PixelFormat::kGray},
    {"nv12", PixelFormat::kNv12},
    {"yuyv", PixelFormat::kYuyv},
}};

bool size_fits(const ImageView& image) {
    if (image.width < 1 || image.height < 1) return false;
    if (image.width > kMaxSide || image.height > kMaxSide) return false;
    const bool even_width = image.width % 2 == 0;
    if (image.format == PixelFormat::kNv12) return even_width && image.height % 2 == 0;
    return image.format != PixelFormat::kYuyv || even_width;
}

/// Whether the farthest byte of the image can be told from its first by 32 bits.
bool span_fits(const ImageView& image) {
    constexpr std::int64_t limit = std::numeric_limits<std::int32_t>::max();
    const std::int64_t stride = image.row_stride;
    const std::int64_t row = std::int64_t{image.width} * bytes_per_pixel(image.format);
    if (stride > limit || stride < -limit) return false;
    return (stride < 0 ? -stride : stride) * image.height + row < limit;
}

}  // namespace

PixelFormat pixel_format(std::string_view name) {
    for (const auto& [known, format] : kNames) {
        if (known == name) return format;
    }
    throw ArrayError("format must be 'bgr', 'rgb', 'gray', 'nv12' or 'yuyv', got '" +
                     std::string(name) + "'.");
}

void validate(const ImageView& image) {
    if (image.data == nullptr) {
        throw ArrayError("image must have pixels, got a null pointer.");
    }
    if (!size_fits(image)) {
        throw ArrayError(
            "image must be at least 1 x 1 pixels and at most 2^24 along a side, with even width "
            "for "
            "YUYV and even sides for NV12, got width " +
            std::to_string(image.width) + " and height " + std::to_string(image.height) + ".");
    }
    if (!span_fits(image)) {
        throw ArrayError("image must span less than 2 GiB, got " + std::to_string(image.height) +
                         " rows at a stride of " + std::to_string(image.row_stride) +
                         " bytes: copy the part around the face.");
    }
}

}  // namespace mol_edge
