"""Builds `mol_edge._core` from `cpp/` and `bindings/`; the rest is in pyproject.toml."""

from glob import glob

from pybind11.setup_helpers import ParallelCompile, Pybind11Extension
from setuptools import setup

core = Pybind11Extension(
    "mol_edge._core",
    sorted(glob("cpp/src/**/*.cc", recursive=True) + glob("bindings/*.cc")),
    include_dirs=["cpp/include", "cpp/src"],
    depends=sorted(glob("cpp/**/*.h", recursive=True) + glob("bindings/*.h")),
    cxx_std=20,
    extra_compile_args=["-O3", "-fno-math-errno"],
    extra_link_args=["-pthread"],
)

ParallelCompile("MOL_EDGE_BUILD_JOBS", default=0).install()
setup(ext_modules=[core])
