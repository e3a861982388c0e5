// Cuts the crop that the network sees out of a picture, and says how the head moves to a second
// one.
//
//   align_face PICTURE.ppm CROP.pgm X Y X Y X Y X Y X Y [NEXT.ppm]
//
// The five points are those of mol_edge/geometry.h: the eye at the picture's left, the other eye,
// nose tip, mouth corner at the left, other corner. Pictures are binary PPM (P6); any program makes
// them: ffmpeg -i video.mp4 frame%04d.ppm

#include "mol_edge/crop.h"
#include "mol_edge/geometry.h"
#include "mol_edge/image.h"
#include "mol_edge/isa.h"
#include "mol_edge/motion.h"

#include <array>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using Crop = std::array<float, mol_edge::kCropPixels>;

struct Picture {
    int width = 0;
    int height = 0;
    std::vector<std::uint8_t> rgb;

    mol_edge::ImageView view() const {
        return {.data = rgb.data(),
                .width = width,
                .height = height,
                .row_stride = std::ptrdiff_t{width} * 3,
                .format = mol_edge::PixelFormat::kRgb};
    }
};

Picture read_ppm(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string kind;
    Picture picture;
    int most = 0;
    file >> kind >> picture.width >> picture.height >> most;
    file.get();
    const bool fits =
        picture.width > 0 && picture.width < 32768 && picture.height > 0 && picture.height < 32768;
    if (!file || kind != "P6" || most != 255 || !fits) {
        throw std::runtime_error(path + " must be a binary PPM picture (P6, 255): convert it.");
    }
    picture.rgb.resize(std::size_t(picture.width) * std::size_t(picture.height) * 3);
    file.read(reinterpret_cast<char*>(picture.rgb.data()), std::streamsize(picture.rgb.size()));
    if (!file) {
        throw std::runtime_error(path + " holds fewer pixels than it states: copy it again.");
    }
    return picture;
}

Crop crop_of(const Picture& picture, const mol_edge::Transform& to_aligned) {
    Crop crop;
    mol_edge::crop_float(picture.view(), to_aligned, {.mean = 0, .scale = 1}, crop);
    return crop;
}

void write_pgm(const std::string& path, const Crop& crop) {
    std::ofstream file(path, std::ios::binary);
    file << "P5\n" << mol_edge::kCropSize << ' ' << mol_edge::kCropSize << "\n255\n";
    for (const float luma : crop) {
        file.put(static_cast<char>(static_cast<std::uint8_t>(luma + 0.5F)));
    }
    if (!file.flush()) {
        throw std::runtime_error(path + " cannot be written: name another file.");
    }
}

// Where the head's motion takes the middle of the crop, from patches on a grid all over the face.
mol_edge::Point head_motion(const Crop& earlier, const Crop& later) {
    std::vector<float> points;
    for (int y = 24; y < mol_edge::kCropSize - 16; y += 16) {
        for (int x = 24; x < mol_edge::kCropSize - 16; x += 16) {
            points.push_back(static_cast<float>(x));
            points.push_back(static_cast<float>(y));
        }
    }
    std::vector<mol_edge::PatchMotion> patches(points.size() / 2);
    mol_edge::patch_motion(earlier, later, points, {}, patches);
    const std::vector<float> weights(patches.size(), 1.0F);
    const mol_edge::Point middle{.x = 63.5, .y = 63.5};
    const auto moved = mol_edge::apply(mol_edge::head_motion(points, patches, weights), middle);
    return {.x = moved.x - middle.x, .y = moved.y - middle.y};
}

double number(const std::string& word) {
    std::size_t used = 0;
    double value = 0;
    try {
        value = std::stod(word, &used);
    } catch (const std::exception&) {
        used = 0;
    }
    if (used == 0 || used != word.size()) {
        throw std::invalid_argument("the ten coordinates must be numbers, got '" + word + "'");
    }
    return value;
}

int run(const std::vector<std::string>& words) {
    if (words.size() != 12 && words.size() != 13) {
        std::cerr << "usage: align_face PICTURE.ppm CROP.pgm X Y X Y X Y X Y X Y [NEXT.ppm]\n";
        return 2;
    }
    std::array<mol_edge::Point, 5> points;
    for (std::size_t i = 0; i < points.size(); ++i) {
        points[i] = {.x = number(words[2 + 2 * i]), .y = number(words[3 + 2 * i])};
    }
    const auto to_aligned = mol_edge::alignment_transform(points);
    const Crop crop = crop_of(read_ppm(words[0]), to_aligned);
    write_pgm(words[1], crop);
    std::cout << "aligned with " << mol_edge::name(mol_edge::current_isa()) << " code\n";
    if (words.size() == 13) {
        const auto motion = head_motion(crop, crop_of(read_ppm(words[12]), to_aligned));
        std::cout << "head moved " << motion.x << ' ' << motion.y << " crop pixels\n";
    }
    return EXIT_SUCCESS;
}

}  // namespace

int main(int count, char** words) {
    try {
        return run({words + 1, words + count});
    } catch (const std::exception& error) {
        std::cerr << "align_face: " << error.what() << '\n';
        return 2;
    }
}
