"""Whether the compiled core lies beside the sources, which hide an installed package otherwise."""

from __future__ import annotations

from pathlib import Path

try:
    import mol_edge._core  # noqa: F401
except ModuleNotFoundError as error:
    if error.name != "mol_edge._core":
        raise
    raise ImportError(
        f"mol_edge needs its compiled core, and {Path(__file__).parent} holds the sources alone: "
        "change to another folder, where Python finds the package that was installed, or run "
        "`pip install -e .` in this one.",
        name="mol_edge._core",
    ) from None
