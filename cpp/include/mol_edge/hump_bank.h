#pragma once

#include "mol_edge/steps.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace mol_edge {

/// What a path must exceed to be told.
struct HumpLimits {
    /// Displacement at its height, crop pixels.
    double least_px = 0;
    /// The same in deviations of what the same filter says of the still face.
    double factor = 0;
};

/// A path that rises and falls within half a second, where it was at rest before and after.
struct FoundHump {
    std::int64_t onset_ns = 0, apex_ns = 0, offset_ns = 0;
    /// Deviations, times the square of the share of the path that the hump explains.
    double clearness = 0;
    /// The cell that shows it best.
    std::size_t cell = 0;
    /// Displacement of all cells at its height, and the noise of those that are evidence.
    Steps peak, noise;
};

/// Matched filters of several durations along the paths of cells.
///
/// Each filter gives the height of a raised cosine above a line. It sees the whole of a movement,
/// so it finds slow and small ones that are never faster than noise; its own noise is what it said
/// of the last seconds.
class HumpBank {
  public:
    /// Throws OptionError for more evidence than cells, or limits that are not above 0.
    HumpBank(std::size_t cells, std::size_t evidence, HumpLimits limits);

    /// Forgets the paths; what was learned of their noise stays.
    void restart();

    /// Takes where the cells are at a time; after a gap, or a time that does not rise, anew.
    void add(std::int64_t timestamp_ns, const Steps& path);

    /// The clearest hump that the newest path completes, if there is one.
    const std::optional<FoundHump>& found() const { return found_; }

  private:
    /// One duration: its filter and what that said of late, per component of a displacement.
    struct Filter {
        std::size_t half = 0;
        std::vector<float> weights;
        double energy = 0;
        std::vector<float> said;
        std::size_t looks = 0;
    };

    /// Small, since what runs between two frames sweeps the caches.
    struct Place {
        float x = 0, y = 0;
    };
    static constexpr std::size_t kGrid = 128;

    static Filter filter_of(std::size_t half, std::size_t evidence);
    const Place* row(std::size_t place) const { return &grid_[(place % kGrid) * cells_]; }
    void keep(const Steps& path, double share);
    void look();
    void look(Filter& filter);
    Steps heights(const Filter& filter, std::size_t center, std::size_t cells) const;
    bool learn(Filter& filter, const Steps& responses) const;
    static std::size_t looks_before(const Filter& filter);
    float said(const Filter& filter, std::size_t look, std::size_t row) const;
    bool may_be_clear(const Filter& filter, std::size_t cell, Step height) const;
    Step noise_of(const Filter& filter, std::size_t cell) const;
    double explained(const Filter& filter, std::size_t center, std::size_t cell, Step height) const;
    bool rests_beside(const Filter& filter, std::size_t center, std::size_t cell,
                      Step height) const;

    std::size_t cells_, evidence_;
    HumpLimits limits_;
    std::vector<Filter> filters_;
    std::vector<Place> grid_;
    std::size_t count_ = 0;
    std::int64_t first_ns_ = 0, last_ns_ = 0;
    Steps last_;
    std::optional<FoundHump> found_;
};

}  // namespace mol_edge
