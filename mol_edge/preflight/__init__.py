"""Can this camera see micro-expressions? `preflight` watches a still face and answers."""

from mol_edge.preflight.report import Finding, PreflightReport, Verdict
from mol_edge.preflight.watch import preflight

__all__ = ["Finding", "PreflightReport", "Verdict", "preflight"]
