#include "image.h"

#include <limits>

namespace py = pybind11;

namespace mol_edge::bindings {
namespace {

Expected expected_image(PixelFormat format) {
    switch (format) {
        case PixelFormat::kBgr:
        case PixelFormat::kRgb:
            return {"image", {kAny, kAny, 3}, "(height, width, 3)"};
        case PixelFormat::kYuyv:
            return {"image", {kAny, kAny, 2}, "(height, even width, 2)"};
        case PixelFormat::kNv12:
            return {"image", {kAny, kAny}, "(even height * 3 / 2, even width)"};
        case PixelFormat::kGray:
            break;
    }
    return {"image", {kAny, kAny}, "(height, width)"};
}

bool sizes_fit(const py::array& array, PixelFormat format) {
    const py::ssize_t rows = array.shape(0);
    const py::ssize_t width = array.shape(1);
    constexpr py::ssize_t limit = std::numeric_limits<int>::max();
    if (rows < 1 || width < 1 || rows > limit || width > limit) return false;
    if (format == PixelFormat::kNv12) return rows % 3 == 0 && width % 2 == 0;
    return format != PixelFormat::kYuyv || width % 2 == 0;
}

bool rows_are_packed(const py::array& array, int pixel_step) {
    const bool one_column = array.shape(1) == 1;
    if (!one_column && array.strides(1) != pixel_step) return false;
    return array.ndim() == 2 || array.strides(2) == 1;
}

}  // namespace

ImageView image_view(const ArrayArgument<std::uint8_t>& argument, const std::string& format_name,
                     bool full_range) {
    const PixelFormat format = pixel_format(format_name);
    const Expected expected = expected_image(format);
    const py::array array = checked_array(argument, py::dtype::of<std::uint8_t>(), expected);
    if (!sizes_fit(array, format)) {
        throw ArrayError("image of format '" + format_name + "' must be of shape " +
                         expected.shape_text + " and not empty, got " + describe(array) + ".");
    }
    if (!rows_are_packed(array, bytes_per_pixel(format))) {
        throw ArrayError("image must have contiguous pixels within a row, got strides " +
                         py::str(array.attr("strides")).cast<std::string>() +
                         ": pass numpy.ascontiguousarray of it.");
    }
    const int rows = static_cast<int>(array.shape(0));
    return {static_cast<const std::uint8_t*>(array.data()),
            static_cast<int>(array.shape(1)),
            format == PixelFormat::kNv12 ? rows / 3 * 2 : rows,
            array.strides(0),
            format,
            full_range};
}

}  // namespace mol_edge::bindings
