#pragma once

#include <pybind11/pybind11.h>

namespace mol_edge::bindings {

/// Lets other Python threads run while it lives, and counts how many calls do so at once.
class WithoutGil {
  public:
    WithoutGil();
    ~WithoutGil();
    WithoutGil(const WithoutGil&) = delete;
    WithoutGil& operator=(const WithoutGil&) = delete;

  private:
    pybind11::gil_scoped_release release_;
};

}  // namespace mol_edge::bindings
