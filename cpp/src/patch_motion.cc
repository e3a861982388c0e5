#include "mol_edge/error.h"
#include "mol_edge/isa.h"
#include "mol_edge/motion.h"

#include "patch_kernels.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <memory>
#include <string>
#include <vector>

namespace mol_edge {
namespace {

constexpr int kHalfSize = kCropSize / 2;
constexpr float kUnseen = std::numeric_limits<float>::infinity();
/// A direction whose share of the gradients' energy is below this is the length of an edge.
constexpr float kEdgeRatio = 0.02F;
/// Error of brightness that is not noise (interpolation, shading), as a share of the contrast.
constexpr float kModelError = 0.02F;
/// Blur correlates the noise of neighbours: deviation of an error over that of independent pixels.
constexpr float kNoiseFactor = 1.9F;
constexpr float kConverged = 0.004F;

/// A crop and its half, blurred. Windows read a little beyond the last row.
struct Pyramid {
    static constexpr std::size_t kBeyond = 32;
    alignas(64) std::array<float, kCropPixels + kBeyond> full;
    alignas(64) std::array<float, kCropPixels / 4 + kBeyond> half;

    Pyramid(const PatchKernels& kernels, std::span<const float, kCropPixels> crop) {
        kernels.blur(crop.data(), kCropSize, full.data());
        kernels.halve(full.data(), kCropSize, half.data());
        std::fill(full.end() - kBeyond, full.end(), 0.0F);
        std::fill(half.end() - kBeyond, half.end(), 0.0F);
    }
};

struct Plane {
    const float* pixels;
    int side;
};

struct Vector {
    float x, y;
};

/// Directions of a patch's gradients, and the energy of them along each.
struct Directions {
    Vector axis;
    float along, across;
};

Directions directions_of(float xx, float xy, float yy) {
    const float half_difference = 0.5F * (xx - yy);
    const float radius = std::hypot(half_difference, xy);
    const float middle = 0.5F * (xx + yy);
    const float angle = 0.5F * std::atan2(xy, half_difference);
    return {{std::cos(angle), std::sin(angle)}, middle + radius, std::max(0.0F, middle - radius)};
}

/// One patch of the earlier plane, ready to be found in the later one.
class Patch {
  public:
    Patch(const PatchKernels& kernels, Plane earlier, Vector centre)
        : kernels_(kernels),
          column_(static_cast<int>(std::lround(centre.x)) - kPatchRadius),
          row_(static_cast<int>(std::lround(centre.y)) - kPatchRadius) {
        // Gradients need a pixel more on either side.
        const int last = earlier.side - kPatchSide - 1;
        column_ = std::clamp(column_, 1, last);
        row_ = std::clamp(row_, 1, last);
        const float* const start = earlier.pixels + row_ * earlier.side + column_;
        mean_ = start[kPatchRadius * earlier.side + kPatchRadius];
        const PatchSums sums = kernels.gather(start, earlier.side, mean_, template_);
        prepare(sums);
    }

    bool seen() const { return directions_.along > 0; }

    /// Improves `motion` until it moves no more.
    void find(Plane later, int iterations, Vector& motion) const {
        motion = inside(later, motion);
        for (int i = 0; i < iterations; ++i) {
            const Window window = place(later, motion);
            const PatchProducts products = kernels_.compare(template_, window, mean_);
            const float gain = std::clamp(products.level / energy_, 0.25F, 4.0F);
            const Vector step = solve(products.along_x / gain, products.along_y / gain);
            if (!std::isfinite(step.x + step.y)) return;
            motion = inside(later, {motion.x - step.x, motion.y - step.y});
            if (std::abs(step.x) + std::abs(step.y) < kConverged) break;
        }
    }

    PatchMotion describe(Plane later, Vector motion) const {
        const Window window = place(later, motion);
        const WindowSums sums = kernels_.measure(template_, window, mean_);
        const float level = sums.products.level;
        const float contrast = level * level / energy_;
        const float variance = sums.squares - sums.sum * sums.sum / kPatchWeight;
        // What gain and offset do not explain; a gain of nothing at all explains nothing.
        const float rest = std::max(0.0F, variance - contrast);
        const float gain = level / energy_;
        if (!(gain > 0.2F) || !std::isfinite(variance)) return unseen();
        const float noise = rest / (gain * gain * kPatchWeight) +
                            kModelError * kModelError * energy_ / kPatchWeight;
        const float deviation = kNoiseFactor * std::sqrt(noise);
        const Vector axis = directions_.axis;
        PatchMotion seen{motion.x, motion.y, axis.x, axis.y, 0, kUnseen};
        seen.along = deviation / std::sqrt(directions_.along);
        if (!edge_) {
            seen.across = deviation / std::sqrt(directions_.across);
            return seen;
        }
        const float along = axis.x * motion.x + axis.y * motion.y;
        seen.x = along * axis.x;
        seen.y = along * axis.y;
        return seen;
    }

    static PatchMotion unseen() { return {0, 0, 1, 0, kUnseen, kUnseen}; }

  private:
    void prepare(const PatchSums& s) {
        const float share = 1 / kPatchWeight;
        energy_ = s.tt - share * s.t * s.t;
        const float tx = s.tx - share * s.t * s.x;
        const float ty = s.ty - share * s.t * s.y;
        const float xx = s.xx - share * s.x * s.x;
        const float xy = s.xy - share * s.x * s.y;
        const float yy = s.yy - share * s.y * s.y;
        if (!(energy_ > 1e-12F)) return;
        const Projection projection{share * s.t, share * s.x, tx / energy_, share * s.y,
                                    ty / energy_};
        kernels_.project(template_, projection);
        directions_ =
            directions_of(xx - tx * tx / energy_, xy - tx * ty / energy_, yy - ty * ty / energy_);
        edge_ = directions_.across < kEdgeRatio * directions_.along;
    }

    /// The step that products with the gradients ask for, along what is seen.
    Vector solve(float x, float y) const {
        const Vector axis = directions_.axis;
        const float along = (axis.x * x + axis.y * y) / directions_.along;
        const float across = edge_ ? 0.0F : (axis.x * y - axis.y * x) / directions_.across;
        const Vector step{axis.x * along - axis.y * across, axis.y * along + axis.x * across};
        // Mostly a step is short, and its length need not be known.
        if (std::abs(step.x) + std::abs(step.y) <= kLongestStep) return step;
        const float length = std::hypot(step.x, step.y);
        const float factor = length > kLongestStep ? kLongestStep / length : 1.0F;
        return {step.x * factor, step.y * factor};
    }

    Vector inside(Plane later, Vector motion) const {
        const auto last = static_cast<float>(later.side - kPatchSide - 1);
        const auto column = static_cast<float>(column_);
        const auto row = static_cast<float>(row_);
        return {std::clamp(motion.x, -column, last - column),
                std::clamp(motion.y, -row, last - row)};
    }

    Window place(Plane later, Vector motion) const {
        const float x = static_cast<float>(column_) + motion.x;
        const float y = static_cast<float>(row_) + motion.y;
        const auto column = static_cast<int>(x);
        const auto row = static_cast<int>(y);
        return {later.pixels + row * later.side + column, later.side,
                x - static_cast<float>(column), y - static_cast<float>(row)};
    }

    static constexpr float kLongestStep = 2;

    const PatchKernels& kernels_;
    int column_;
    int row_;
    float mean_ = 0;
    float energy_ = 0;
    Directions directions_{{1, 0}, 0, 0};
    bool edge_ = true;
    PatchTemplate template_;
};

bool within_reach(Vector point) {
    const auto beyond = static_cast<float>(kPatchRadius);
    const float last = kCropSize - 1 + beyond;
    return point.x >= -beyond && point.y >= -beyond && point.x <= last && point.y <= last;
}

/// One point's patches at half and at full resolution.
class PointPatches {
  public:
    /// A point beyond reach is never looked for; its place only has to be a number.
    PointPatches(const PatchKernels& kernels, const Pyramid& earlier, Vector point)
        : PointPatches(kernels, earlier, point, within_reach(point)) {}

    PatchMotion find(const Pyramid& later, Vector start) const {
        if (!reachable_ || !fine_.seen()) return Patch::unseen();
        Vector motion{0.5F * start.x, 0.5F * start.y};
        const Plane half{later.half.data(), kHalfSize};
        if (coarse_.seen()) coarse_.find(half, kCoarseIterations, motion);
        motion = {2 * motion.x, 2 * motion.y};
        const Plane full{later.full.data(), kCropSize};
        fine_.find(full, kFineIterations, motion);
        return fine_.describe(full, motion);
    }

  private:
    PointPatches(const PatchKernels& kernels, const Pyramid& earlier, Vector point, bool near)
        : coarse_(kernels, {earlier.half.data(), kHalfSize},
                  near ? Vector{0.5F * point.x, 0.5F * point.y} : Vector{}),
          fine_(kernels, {earlier.full.data(), kCropSize}, near ? point : Vector{}),
          reachable_(near) {}

    static constexpr int kCoarseIterations = 4;
    static constexpr int kFineIterations = 6;

    Patch coarse_, fine_;
    bool reachable_;
};

void check_finite(std::span<const float> values) {
    const auto finite = [](float value) { return std::isfinite(value); };
    if (std::all_of(values.begin(), values.end(), finite)) return;
    throw ArrayError("points and start must be finite, got NaN or infinity: drop this frame.");
}

void check_sizes(std::size_t points, std::size_t start, std::size_t patches) {
    if (points == 2 * patches && (start == 0 || start == points)) return;
    throw ArrayError("points and start must hold x and y of each patch, got " +
                     std::to_string(points) + " and " + std::to_string(start) + " numbers for " +
                     std::to_string(patches) + " patches.");
}

Vector at(std::span<const float> values, std::size_t i) {
    return values.empty() ? Vector{0, 0} : Vector{values[2 * i], values[2 * i + 1]};
}

/// Asks for memory that is needed soon: a network that ran in between has swept the caches.
void fetch_ahead(const void* start, std::size_t size) {
    constexpr std::size_t kLine = 64;
    const char* const bytes = static_cast<const char*>(start);
    for (std::size_t at = 0; at < size; at += kLine) __builtin_prefetch(bytes + at);
}

}  // namespace

struct AnchoredPatches::Parts {
    const PatchKernels& kernels;
    std::vector<PointPatches> points;
};

AnchoredPatches::AnchoredPatches(std::span<const float, kCropPixels> crop,
                                 std::span<const float> points)
    : parts_(new Parts{patch_kernels(current_isa()), {}}) {
    check_finite(points);
    const auto pyramid = std::make_unique<Pyramid>(parts_->kernels, crop);
    parts_->points.reserve(points.size() / 2);
    for (std::size_t i = 0; i < points.size() / 2; ++i) {
        parts_->points.emplace_back(parts_->kernels, *pyramid, at(points, i));
    }
}

AnchoredPatches::~AnchoredPatches() = default;
AnchoredPatches::AnchoredPatches(AnchoredPatches&&) noexcept = default;
AnchoredPatches& AnchoredPatches::operator=(AnchoredPatches&&) noexcept = default;

std::size_t AnchoredPatches::size() const {
    return parts_->points.size();
}

void AnchoredPatches::find(std::span<const float, kCropPixels> later, std::span<const float> start,
                           std::span<PatchMotion> out) const {
    check_sizes(2 * size(), start.size(), out.size());
    check_finite(start);
    const Pyramid pyramid(parts_->kernels, later);
    const std::vector<PointPatches>& points = parts_->points;
    for (std::size_t i = 0; i < out.size(); ++i) {
        if (i + 1 < out.size()) fetch_ahead(&points[i + 1], sizeof(PointPatches));
        out[i] = points[i].find(pyramid, at(start, i));
    }
}

void patch_motion(std::span<const float, kCropPixels> earlier,
                  std::span<const float, kCropPixels> later, std::span<const float> points,
                  std::span<const float> start, std::span<PatchMotion> out) {
    check_sizes(points.size(), start.size(), out.size());
    AnchoredPatches(earlier, points).find(later, start, out);
}

}  // namespace mol_edge
