#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace mol_edge {

/// How the bytes of an image are laid out.
enum class PixelFormat : std::uint8_t {
    kBgr,   ///< 3 bytes per pixel
    kRgb,   ///< 3 bytes per pixel
    kGray,  ///< 1 byte per pixel
    kNv12,  ///< luma rows (1 byte per pixel), then rows of interleaved chroma
    kYuyv,  ///< 2 bytes per pixel, luma first
};

/// "bgr", "rgb", "gray", "nv12" or "yuyv". Throws ArrayError for any other name.
PixelFormat pixel_format(std::string_view name);

/// Bytes from one luma sample, or colour pixel, to the next in a row.
constexpr int bytes_per_pixel(PixelFormat format) {
    switch (format) {
        case PixelFormat::kBgr:
        case PixelFormat::kRgb:
            return 3;
        case PixelFormat::kYuyv:
            return 2;
        case PixelFormat::kGray:
        case PixelFormat::kNv12:
            break;
    }
    return 1;
}

/// An image that somebody else owns.
///
/// Pixels of a row are contiguous; `row_stride` is the distance of rows in bytes and may be
/// negative. Only luma is read of NV12 and YUYV, and spread from 16-235 to 0-255 unless
/// `full_range`; other formats are full range whatever it says. `height` counts luma rows.
struct ImageView {
    const std::uint8_t* data = nullptr;
    int width = 0;
    int height = 0;
    std::ptrdiff_t row_stride = 0;
    PixelFormat format = PixelFormat::kBgr;
    bool full_range = false;
};

/// Throws ArrayError unless `image` has data, a size that fits its format, and spans under 2 GiB.
void validate(const ImageView& image);

}  // namespace mol_edge
