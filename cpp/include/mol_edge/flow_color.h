#pragma once

#include <cstdint>
#include <span>

namespace mol_edge {

/// Colours a field of motion by the Middlebury wheel: hue is direction, saturation is size.
///
/// `flow` holds all x, then all y; `bgr` three bytes per vector. `max_magnitude` is the size that
/// gets full saturation, 0 the largest of the field; longer vectors are darkened. Vectors that are
/// not finite become black. Throws ArrayError where the lengths do not fit, OptionError for a
/// `max_magnitude` that is negative or not finite.
/// Source: Baker et al., "A Database and Evaluation Methodology for Optical Flow", IJCV 2011.
void flow_to_color(std::span<const float> flow, float max_magnitude, std::span<std::uint8_t> bgr);

}  // namespace mol_edge
