#pragma once

#include <stdexcept>

namespace mol_edge {

/// An array or image has another shape, layout or content than the function takes.
class ArrayError : public std::invalid_argument {
  public:
    using std::invalid_argument::invalid_argument;
};

/// A setting has a value outside what its documentation allows.
class OptionError : public std::invalid_argument {
  public:
    using std::invalid_argument::invalid_argument;
};

}  // namespace mol_edge
