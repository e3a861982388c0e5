#pragma once

#include "mol_edge/team.h"

#include <array>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mol_edge {

/// A stored tensor; whoever made the table keeps its values alive while a graph is built.
struct Weight {
    std::vector<int> shape;
    std::span<const float> values;
};

/// The tensors of a graph by the names that the export gives them.
using Weights = std::map<std::string, Weight, std::less<>>;

/// A map [channels, height, width] that a graph's caller keeps: plane after plane as in the bundle,
/// or, where `by_pixels`, as the graphs compute it, the channels of each pixel side by side.
template <class Value>
struct HandedMap {
    Value* values = nullptr;
    bool by_pixels = false;
};
using MapIn = HandedMap<const float>;
using MapOut = HandedMap<float>;

/// The graphs that MOL is cut into, each for one frame or window, or for some pairs. They compute
/// in float32, but for the convolutions whose weights come with `NAME.steps` [inputs] and
/// `NAME.zero` [1]: what a step of a pixel's byte is worth, and the byte of 0, see
/// `network::ByteLayer`; and of `landmark.fc1` the weights lie in bytes where these come with
/// `NAME.weight_steps` [outputs], see `network::Linear`. One call at a time for each team.

/// What depends on one frame alone: features, their share of the expression head, landmarks.
class FeaturesGraph {
  public:
    /// Throws ArrayError where a weight is missing or has another shape than the network's.
    FeaturesGraph(const Weights& weights, int neighbours);
    ~FeaturesGraph();
    FeaturesGraph(FeaturesGraph&&) noexcept;

    /// Convolutions that are computed in bytes.
    [[nodiscard]] int layers_in_bytes() const;

    /// `frame` [128, 128] to `first` and `second` [128, 16, 16], `parts` [6, 32, 8, 8] and
    /// `landmarks` [136].
    void run(Team& team, const float* frame, const MapOut& first, const MapOut& second,
             float* parts, float* landmarks);

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// Encoder maps of one frame, for flow.
class EncoderGraph {
  public:
    explicit EncoderGraph(const Weights& weights);
    ~EncoderGraph();
    EncoderGraph(EncoderGraph&&) noexcept;

    /// Channels of `enc2` and `enc3`.
    [[nodiscard]] int channels2() const;
    [[nodiscard]] int channels3() const;
    /// Convolutions that are computed in bytes.
    [[nodiscard]] int layers_in_bytes() const;

    /// `frame` [128, 128] to `enc2` [C, 32, 32] and `enc3` [C', 16, 16].
    void run(Team& team, const float* frame, const MapOut& enc2, const MapOut& enc3);

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// The optical flow between two frames.
class FlowGraph {
  public:
    explicit FlowGraph(const Weights& weights);
    ~FlowGraph();
    FlowGraph(FlowGraph&&) noexcept;

    struct Inputs {
        const float* frame;
        MapIn enc2;
        MapIn enc3;
        MapIn enc3_next;
        MapIn first;
        MapIn second_next;
    };

    [[nodiscard]] int channels2() const;
    [[nodiscard]] int channels3() const;
    /// Convolutions that are computed in bytes.
    [[nodiscard]] int layers_in_bytes() const;

    /// Pairs of frames to `flow` [pairs, 2, 128, 128]. Several share the weights that are read.
    void run(Team& team, std::span<const Inputs> pairs, float* flow);

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// The class of a window of eight samples.
class HeadGraph {
  public:
    explicit HeadGraph(const Weights& weights);
    ~HeadGraph();
    HeadGraph(HeadGraph&&) noexcept;

    [[nodiscard]] int classes() const;

    static constexpr std::size_t kSamples = 8;
    /// Where the parts of each sample lie, [6, 32, 8, 8].
    using Samples = std::array<const float*, kSamples>;

    /// To `logits` [classes].
    void run(Team& team, const Samples& samples, float* logits);

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace mol_edge
