"""Accuracy that became worse from one report to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mol_edge.benchmark.report import Report

# A worse figure than by this part of itself is told: the same bundle computes the same.
_LEAST_LOSS = 0.02


def find_losses(before: Report, after: Report) -> list[str]:
    """Accuracy that is worse than it was, for the same device and precision; a sentence each."""
    old = {(each["device"], each["precision"]): each["accuracy"] for each in before.configurations}
    found = []
    for each in after.configurations:
        was, now = old.get((each["device"], each["precision"])), each["accuracy"]
        if was is not None and now is not None:
            name = f"{each['device']} {each['precision']}"
            found += [f"{name}: {text}" for text in _worse(was, now)]
    return found


def _worse(was: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    found = []
    if now["agreement"] < was["agreement"]:
        found.append(
            f"{100 * now['agreement']:.4g}% get PyTorch's class, {100 * was['agreement']:.4g}% did"
        )
    for name, words in (("nme", "the landmarks' NME"), ("epe", "the flow's EPE")):
        old, new = was[name], now[name]
        if old and new and new > (1 + _LEAST_LOSS) * old:
            found.append(f"{words} rose from {old:.4g} to {new:.4g}")
    return found
