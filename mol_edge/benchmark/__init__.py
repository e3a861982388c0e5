"""How fast and how right a bundle is on this machine: measured, written down, compared.

`run_benchmark` measures and gives a `Report`; `mol-edge benchmark` writes it as JSON, Markdown and
an HTML card; `compare` holds two reports against each other. docs/benchmark.md tells the method.
"""

from mol_edge.benchmark.compare import Comparison, compare
from mol_edge.benchmark.measure import StopRule
from mol_edge.benchmark.options import BenchmarkOptions
from mol_edge.benchmark.report import Report
from mol_edge.benchmark.runner import run_benchmark

__all__ = ["BenchmarkOptions", "Comparison", "Report", "StopRule", "compare", "run_benchmark"]
