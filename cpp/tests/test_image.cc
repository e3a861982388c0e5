#include "mol_edge/error.h"
#include "mol_edge/image.h"

#include "catch.h"

#include <cstdint>

namespace mol_edge {
namespace {

TEST_CASE("formats have names") {
    CHECK(pixel_format("bgr") == PixelFormat::kBgr);
    CHECK(pixel_format("rgb") == PixelFormat::kRgb);
    CHECK(pixel_format("gray") == PixelFormat::kGray);
    CHECK(pixel_format("nv12") == PixelFormat::kNv12);
    CHECK(pixel_format("yuyv") == PixelFormat::kYuyv);
    CHECK_THROWS_AS(pixel_format("BGR"), ArrayError);
}

TEST_CASE("images that cannot be are refused") {
    const std::uint8_t byte = 0;
    const auto refused = [&](int width, int height, std::ptrdiff_t stride, PixelFormat format) {
        CHECK_THROWS_AS(validate({&byte, width, height, stride, format}), ArrayError);
    };
    CHECK_NOTHROW(validate({&byte, 4, 4, 12, PixelFormat::kBgr}));
    CHECK_NOTHROW(validate({&byte, 3, 3, -3, PixelFormat::kGray}));
    CHECK_THROWS_AS(validate({nullptr, 4, 4, 12, PixelFormat::kBgr}), ArrayError);
    refused(0, 4, 12, PixelFormat::kBgr);
    refused(4, -1, 12, PixelFormat::kBgr);
    refused(1 << 25, 1, 1 << 25, PixelFormat::kGray);
    refused(3, 4, 3, PixelFormat::kNv12);
    refused(4, 3, 4, PixelFormat::kNv12);
    refused(3, 4, 6, PixelFormat::kYuyv);
    refused(1000, 1000, std::ptrdiff_t{1} << 22, PixelFormat::kGray);
    refused(1, 1, std::ptrdiff_t{1} << 62, PixelFormat::kGray);
}

}  // namespace
}  // namespace mol_edge
