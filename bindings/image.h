#pragma once

#include "mol_edge/image.h"

#include "arrays.h"

#include <string>

namespace mol_edge::bindings {

/// A view of an image argument, which must outlive it. Throws ArrayError where it does not fit the
/// format.
ImageView image_view(const ArrayArgument<std::uint8_t>& argument, const std::string& format,
                     bool full_range);

}  // namespace mol_edge::bindings
