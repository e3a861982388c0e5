"""What ends a benchmark: a named device that does not work, no device that does, no figure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from mol_edge.benchmark.report import Report
from mol_edge.benchmark.rows import measured_rows
from mol_edge.errors import DeviceError, InputError

Key = tuple[str, str]


def check_devices(named: bool, wanted: Iterable[Key], failures: Mapping[Key, str]) -> None:
    """Raise where a device that was named works in no precision, or none works at all.

    Args:
        named: whether devices were named, and not merely found.
        wanted: device and precision of all that is measured.
        failures: why some of these failed.

    Raises:
        DeviceError: so it is.

    Example:
        >>> a, b = ("a:cpu", "fp32"), ("b:cpu", "fp32")
        >>> check_devices(False, [a, b], {b: "it is out of order"})
    """
    pairs = list(dict.fromkeys(wanted))
    for device in dict.fromkeys(device for device, _ in failures) if named else ():
        mine = [pair for pair in pairs if pair[0] == device]
        if set(mine) <= set(failures):
            raise DeviceError(f"{device} does not work here: {_told(failures[mine[0]])}")
    if set(failures) == set(pairs):
        reasons = "; ".join(
            f"{device} {name}: {why.rstrip('.')}" for (device, name), why in failures.items()
        )
        raise DeviceError(f"No device works ({reasons}): run `mol-edge doctor`.")


def check_measured(report: Report) -> None:
    """Raise InputError where no figure came of anything, with each reason once."""
    if measured_rows(report):
        return
    reasons = dict.fromkeys(
        result["reason"].rstrip(".")
        for configuration in report.configurations
        for result in configuration["results"]
    )
    raise InputError(f"Nothing could be measured: {'; '.join(reasons)}.")


def _told(reason: str) -> str:
    """A reason with what to do; an error of ours, which is a sentence, has said that already."""
    return reason if reason.endswith(".") else f"{reason}: run `mol-edge doctor`."
