#pragma once

// Catch2 3, or the 2.13 that Debian 12 and Ubuntu 22.04 (and so JetPack 6) still carry.
#if __has_include(<catch2/catch_test_macros.hpp>)
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <catch2/generators/catch_generators_range.hpp>
#else
#include <catch2/catch.hpp>
#endif
