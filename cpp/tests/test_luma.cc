#include "mol_edge/error.h"
#include "mol_edge/isa.h"
#include "mol_edge/luma.h"

#include "catch.h"
#include "reference_crop.h"

#include <cmath>
#include <cstdint>
#include <vector>

namespace mol_edge {
namespace {

using testing::NoiseImage;
using testing::reference_luma;

std::vector<std::uint8_t> luma_of(const ImageView& image, const Part& part) {
    std::vector<std::uint8_t> out(static_cast<std::size_t>(part.width * part.height));
    copy_luma(image, part, out);
    return out;
}

void check(const ImageView& image, const Part& part) {
    const std::vector<std::uint8_t> found = luma_of(image, part);
    for (int y = 0; y < part.height; ++y) {
        for (int x = 0; x < part.width; ++x) {
            const double wanted = reference_luma(image, part.left + x, part.top + y);
            const auto at = static_cast<std::size_t>(y * part.width + x);
            CHECK(std::abs(wanted - double(found[at])) < 0.502);
        }
    }
}

TEST_CASE("luma is that of the picture in every format, to the last pixel") {
    const Isa before = current_isa();
    for (const Isa isa : available_isas()) {
        use_isa(isa);
        for (const PixelFormat format : {PixelFormat::kBgr, PixelFormat::kRgb, PixelFormat::kGray,
                                         PixelFormat::kNv12, PixelFormat::kYuyv}) {
            const NoiseImage image(38, 12, format, 5);
            for (const Part& part : {Part{0, 0, 38, 12}, Part{27, 9, 11, 3}, Part{37, 11, 1, 1},
                                     Part{3, 2, 10, 4}, Part{5, 5, 0, 3}}) {
                check(image.view, part);
            }
        }
    }
    use_isa(before);
}

TEST_CASE("white is white and black is black") {
    const std::vector<std::uint8_t> pixels{255, 255, 255, 0, 0, 0};
    CHECK(luma_of({pixels.data(), 2, 1, 6, PixelFormat::kBgr}, {0, 0, 2, 1}) ==
          std::vector<std::uint8_t>{255, 0});
}

TEST_CASE("parts that are not within the picture are refused") {
    const NoiseImage image(20, 10, PixelFormat::kBgr);
    for (const Part& part : {Part{-1, 0, 4, 4}, Part{0, -1, 4, 4}, Part{17, 0, 4, 4},
                             Part{0, 7, 4, 4}, Part{0, 0, -4, -4}}) {
        std::vector<std::uint8_t> out(16);
        CHECK_THROWS_AS(copy_luma(image.view, part, out), ArrayError);
    }
    std::vector<std::uint8_t> small(15);
    CHECK_THROWS_AS(copy_luma(image.view, {0, 0, 4, 4}, small), ArrayError);
}

}  // namespace
}  // namespace mol_edge
