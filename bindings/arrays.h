#pragma once

#include "mol_edge/crop.h"
#include "mol_edge/error.h"
#include "mol_edge/geometry.h"

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

namespace mol_edge::bindings {

/// An argument that ought to be an array of T. It takes any object, since what does not fit is
/// refused with an ArrayError by the checks below, where pybind11 would convert it or raise
/// TypeError.
template <class T>
class ArrayArgument : public pybind11::object {
    PYBIND11_OBJECT_DEFAULT(ArrayArgument, pybind11::object, accepts)
    static bool accepts(PyObject* object) { return object != nullptr; }
};

/// Stands for any size in an expected shape.
inline constexpr pybind11::ssize_t kAny = -1;

/// What is expected of an argument, for checks and messages.
struct Expected {
    const char* name;
    std::vector<pybind11::ssize_t> shape;
    const char* shape_text;
};

/// "an array of float64 with shape (5, 3)", or the type of what is no array.
std::string describe(const pybind11::object& object);

/// `object` as an array of `dtype` and the expected shape. Throws ArrayError for anything else.
pybind11::array checked_array(const pybind11::object& object, const pybind11::dtype& dtype,
                              const Expected& expected);

/// Throws ArrayError unless `array` is C-contiguous and aligned.
void check_contiguous(const pybind11::array& array, const Expected& expected);

/// Throws ArrayError unless `array` may be written.
void check_writeable(const pybind11::array& array, const Expected& expected);

template <class T>
pybind11::array contiguous(const ArrayArgument<T>& argument, const Expected& expected) {
    pybind11::array array = checked_array(argument, pybind11::dtype::of<T>(), expected);
    check_contiguous(array, expected);
    return array;
}

template <class T>
std::span<const T> elements(const pybind11::array& array) {
    return {static_cast<const T*>(array.data()), static_cast<std::size_t>(array.size())};
}

template <class T>
std::span<T> elements(pybind11::array_t<T>& array) {
    return {array.mutable_data(), static_cast<std::size_t>(array.size())};
}

/// An argument of that name that ought to be a crop, float32 [128, 128].
pybind11::array crop_of(const ArrayArgument<float>& argument, const char* name = "crop");

std::span<const float, kCropPixels> pixels_of(const pybind11::array& crop);

/// A new array of the shape of `array`.
template <class T>
pybind11::array_t<T> like(const pybind11::array& array) {
    return pybind11::array_t<T>(
        std::vector<pybind11::ssize_t>(array.shape(), array.shape() + array.ndim()));
}

/// The transform of an argument of that name: float64 [2, 3].
Transform transform_of(const ArrayArgument<double>& argument);

/// `transform` as a new array, float64 [2, 3].
pybind11::array_t<double> to_array(const Transform& transform);

}  // namespace mol_edge::bindings

template <class T>
struct pybind11::detail::handle_type_name<mol_edge::bindings::ArrayArgument<T>> {
    static constexpr auto name =
        const_name("numpy.typing.NDArray[") + npy_format_descriptor<T>::name + const_name("]");
};
