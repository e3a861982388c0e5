"""Temperatures, clocks and throttling at one moment, wherever the system tells them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from mol_edge.benchmark.probe import Ask, ask, known, read_number, read_text

_ROOT = Path("/")
_MILLI = 1e-3
_NVIDIA = "temperature.gpu,clocks.sm,clocks_throttle_reasons.active"
_IDLE_REASONS = 0x1


def read_sensors(root: Path = _ROOT, ask: Ask = ask) -> dict[str, Any]:
    """What the sensors say now; "unavailable" where there is none.

    Args:
        root: where the system's files lie.
        ask: runs a command and returns what it prints, or None.

    Returns:
        ``temperatures_c`` by sensor, ``cpu_mhz`` (least and most over the cores), ``throttled``
        (reasons that hold now, or counts of events), ``load_average`` of the last minute.

    Example:
        >>> sorted(read_sensors())
        ['cpu_mhz', 'load_average', 'temperatures_c', 'throttled']
    """
    gpu = _nvidia(ask)
    temperatures = {**_thermal_zones(root), **_hwmon(root)}
    if gpu and gpu[0] is not None:
        temperatures["gpu"] = gpu[0]
    throttled = _throttled(root, ask)
    if gpu and gpu[1] is not None:
        throttled["gpu"] = gpu[1]
    return {
        "temperatures_c": known(temperatures or None),
        "cpu_mhz": known(_cpu_mhz(root)),
        "throttled": known(throttled or None),
        "load_average": known(_load_average()),
    }


def _thermal_zones(root: Path) -> dict[str, float]:
    found = {}
    for zone in sorted((root / "sys/class/thermal").glob("thermal_zone*")):
        value = read_number(zone / "temp", _MILLI)
        # A Jetson's zones that are switched off say -256.
        if value is not None and value > -200:
            found[read_text(zone / "type") or zone.name] = round(value, 1)
    return found


def _hwmon(root: Path) -> dict[str, float]:
    found = {}
    for sensor in sorted((root / "sys/class/hwmon").glob("hwmon*/temp*_input")):
        value = read_number(sensor, _MILLI)
        if value is not None:
            chip = read_text(sensor.parent / "name") or sensor.parent.name
            label = read_text(sensor.with_name(sensor.name.replace("_input", "_label")))
            found[f"{chip} {label or sensor.name.removesuffix('_input')}"] = round(value, 1)
    return found


def _cpu_mhz(root: Path) -> dict[str, float] | None:
    cores = (root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_cur_freq")
    values = [value for value in (read_number(core, _MILLI) for core in cores) if value]
    if not values:
        lines = (read_text(root / "proc/cpuinfo") or "").splitlines()
        texts = [line.partition(":")[2] for line in lines if line.startswith("cpu MHz")]
        values = [float(text) for text in texts]
    return {"least": min(values), "most": max(values)} if values else None


def _throttled(root: Path, ask: Ask) -> dict[str, Any]:
    """Counts of thermal events since boot, cooling that is at work, a Raspberry Pi's flags."""
    found: dict[str, Any] = {}
    cores = (root / "sys/devices/system/cpu").glob("cpu[0-9]*/thermal_throttle/core_throttle_count")
    counts = [count for count in map(read_number, cores) if count is not None]
    if counts:
        found["cpu_events"] = int(sum(counts))
    for device in sorted((root / "sys/class/thermal").glob("cooling_device*")):
        state, kind = read_number(device / "cur_state"), read_text(device / "type")
        if state is not None and kind is not None and "fan" not in kind.lower():
            found["cooling"] = max(int(state), found.get("cooling", 0))
    answer = ask(["vcgencmd", "get_throttled"])
    if answer and "=" in answer:
        found["raspberry_pi"] = answer.partition("=")[2]
    return found


def _nvidia(ask: Ask) -> tuple[float | None, str | None] | None:
    """Temperature of the first GPU and the reasons for which its clocks are held down."""
    text = ask(["nvidia-smi", f"--query-gpu={_NVIDIA}", "--format=csv,noheader,nounits"])
    cells = [cell.strip() for cell in (text or "").partition("\n")[0].split(",")]
    if len(cells) != len(_NVIDIA.split(",")):
        return None
    try:
        reasons = int(cells[2], 16) & ~_IDLE_REASONS
        return float(cells[0]), "no" if reasons == 0 else hex(reasons)
    except ValueError:
        return None


def _load_average() -> float | None:
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return None
