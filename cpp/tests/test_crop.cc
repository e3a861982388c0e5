#include "mol_edge/crop.h"
#include "mol_edge/error.h"
#include "mol_edge/isa.h"

#include "catch.h"
#include "reference_crop.h"

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace mol_edge {
namespace {

using testing::around;
using testing::NoiseImage;
using testing::reference_crop;

constexpr std::array kFormats{PixelFormat::kBgr, PixelFormat::kRgb, PixelFormat::kGray,
                              PixelFormat::kNv12, PixelFormat::kYuyv};

class WithIsa {
  public:
    explicit WithIsa(Isa isa) : before_(current_isa()) { use_isa(isa); }
    ~WithIsa() { use_isa(before_); }
    WithIsa(const WithIsa&) = delete;
    WithIsa& operator=(const WithIsa&) = delete;

  private:
    Isa before_;
};

std::vector<float> float_crop(const ImageView& image, const Transform& transform,
                              Normalization normalization = {}) {
    std::vector<float> out(kCropPixels);
    crop_float(image, transform, normalization, std::span<float, kCropPixels>(out));
    return out;
}

std::vector<std::uint8_t> byte_crop(const ImageView& image, const Transform& transform) {
    std::vector<std::uint8_t> out(kCropPixels);
    crop_uint8(image, transform, std::span<std::uint8_t, kCropPixels>(out));
    return out;
}

template <class T>
double largest_error(const std::vector<T>& crop, const std::vector<double>& expected) {
    double largest = 0;
    for (std::size_t i = 0; i < kCropPixels; ++i) {
        largest = std::max(largest, std::abs(double(crop[i]) - expected[i]));
    }
    return largest;
}

std::vector<Transform> transforms() {
    return {
        around({100, 70}, 1.3, 0.1),      around({100, 70}, 0.4, -0.7),  around({3, 2}, 0.9, 0.3),
        around({199, 139}, 1.1, 2.9),     around({100, 70}, 9, 1.6),     around({100, 70}, 0.05, 0),
        around({100, 70}, 1, 0),          around({-90, 70}, 1, 0.2),     around({1e5, 1e5}, 1, 0),
        Transform{1, 0, 0.5, 0, -1, 140}, Transform{1, 0.4, 0, 0, 1, 0},
    };
}

TEST_CASE("a crop follows the reference on every instruction set") {
    const Isa isa = GENERATE(from_range(available_isas()));
    const PixelFormat format = GENERATE(from_range(kFormats));
    const bool full_range = GENERATE(false, true);
    const bool upside_down = GENERATE(false, true);
    const std::ptrdiff_t padding = GENERATE(0, 5);
    const WithIsa scope(isa);
    NoiseImage image(200, 140, format, padding, upside_down);
    image.view.full_range = full_range;
    for (const Transform& transform : transforms()) {
        const auto expected = reference_crop(image.view, transform);
        CHECK(largest_error(float_crop(image.view, transform), expected) < 0.02);
        CHECK(largest_error(byte_crop(image.view, transform), expected) < 0.52);
    }
}

TEST_CASE("a crop follows the reference in images of a few pixels") {
    const Isa isa = GENERATE(from_range(available_isas()));
    const PixelFormat format = GENERATE(from_range(kFormats));
    const WithIsa scope(isa);
    for (const int width : {2, 4, 6}) {
        for (const int height : {2, 4}) {
            const NoiseImage image(width, height, format);
            const Transform transform = around({width / 2.0, height / 2.0}, 20, 0.4);
            const auto expected = reference_crop(image.view, transform);
            CHECK(largest_error(float_crop(image.view, transform), expected) < 0.02);
        }
    }
    const NoiseImage pixel(1, 1, PixelFormat::kBgr);
    const Transform transform = around({0, 0}, 60, 0);
    CHECK(largest_error(float_crop(pixel.view, transform), reference_crop(pixel.view, transform)) <
          0.02);
}

TEST_CASE("a crop keeps its precision far from the origin of a large image") {
    const NoiseImage image(9000, 260, PixelFormat::kGray);
    const Transform transform = around({8860, 130}, 0.61, 0.03);
    CHECK(largest_error(float_crop(image.view, transform), reference_crop(image.view, transform)) <
          0.02);
}

TEST_CASE("a crop is normalised by the mean, then the scale") {
    const NoiseImage image(200, 140, PixelFormat::kBgr);
    const Transform transform = around({190, 70}, 1, 0.2);
    const auto luma = float_crop(image.view, transform);
    const auto normalized = float_crop(image.view, transform, {113.5, 142});
    double largest = 0;
    for (std::size_t i = 0; i < kCropPixels; ++i) {
        largest = std::max(largest, std::abs((double{luma[i]} - 113.5) / 142 - normalized[i]));
    }
    CHECK(largest < 1e-6);
}

TEST_CASE("outside of the image a crop is 128 in every format") {
    const PixelFormat format = GENERATE(from_range(kFormats));
    const NoiseImage image(64, 64, format);
    const auto crop = byte_crop(image.view, around({5000, -3000}, 1, 0));
    CHECK(crop == std::vector<std::uint8_t>(kCropPixels, 128));
}

TEST_CASE("white stays 255 and black 0") {
    for (const int level : {0, 255}) {
        NoiseImage image(200, 200, PixelFormat::kBgr);
        image.bytes.assign(image.bytes.size(), static_cast<std::uint8_t>(level));
        const auto crop = float_crop(image.view, around({100, 100}, 1, 0.3));
        CHECK(crop == std::vector<float>(kCropPixels, static_cast<float>(level)));
    }
}

TEST_CASE("a crop refuses what it cannot use") {
    const NoiseImage image(200, 140, PixelFormat::kBgr);
    const Transform transform = around({100, 70}, 1, 0);
    constexpr double nan = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_AS(float_crop(image.view, transform, {0, 0}), OptionError);
    CHECK_THROWS_AS(float_crop(image.view, transform, {0, -1}), OptionError);
    CHECK_THROWS_AS(float_crop(image.view, transform, {nan, 1}), OptionError);
    CHECK_THROWS_AS(float_crop(image.view, Transform{0, 0, 0, 0, 0, 0}), ArrayError);
    CHECK_THROWS_AS(float_crop(image.view, Transform{1e-9, 0, 0, 0, 1e-9, 0}), ArrayError);
    CHECK_THROWS_AS(float_crop(image.view, Transform{1, 0, nan, 0, 1, 0}), ArrayError);
    CHECK_THROWS_AS(float_crop(ImageView{}, transform), ArrayError);
}

TEST_CASE("one value that is no number is found, wherever it is") {
    std::vector<float> crops(2 * kCropPixels, std::numeric_limits<float>::max());
    crops[5] = std::numeric_limits<float>::denorm_min();
    CHECK(are_finite(crops));
    CHECK(are_finite({}));
    const std::size_t at = GENERATE(std::size_t{0}, kCropPixels + 3, 2 * kCropPixels - 1);
    crops[at] =
        GENERATE(std::numeric_limits<float>::quiet_NaN(), std::numeric_limits<float>::infinity(),
                 -std::numeric_limits<float>::infinity());
    CHECK_FALSE(are_finite(crops));
}

}  // namespace
}  // namespace mol_edge
