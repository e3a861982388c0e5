"""What the processes of one device and precision told, put together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from mol_edge.benchmark.job import Job
from mol_edge.benchmark.modes import Mode, mode_flops
from mol_edge.benchmark.power import PowerMeter
from mol_edge.benchmark.probe import UNAVAILABLE, known
from mol_edge.benchmark.process import Event
from mol_edge.benchmark.statistics import latency_figures, low_latency, quantiles
from mol_edge.manifest_parts import ModelInfo

_LOADING = ("bundle_ms", "load_ms", "first_inference_ms", "second_inference_ms")


class Collector:
    """Takes the events of one device and precision, of every round.

    Args:
        job: one of its jobs.
        model: configuration of the network, for its FLOPs.
        meter: tells power.
    """

    def __init__(self, job: Job, model: ModelInfo, meter: PowerMeter) -> None:
        self._job, self._model, self._meter = job, model, meter
        self._loaded: list[Event] = []
        self._peaks: list[float] = []
        self._rates: dict[str, float] = {}
        # Slices by mode and pace, then by the process that told them.
        self._cells: dict[tuple[str, str], dict[int, list[Event]]] = {}
        self._unavailable: dict[tuple[str, str], str] = {}
        self._accuracy: Mapping[str, Any] | None = None
        self.failure: str | None = None

    @property
    def best_gflops(self) -> float | None:
        """The best rate of matrix products in any of its processes."""
        return max(self._rates.values(), default=None)

    def take(self, event: Event) -> None:
        """Take what a process told."""
        kind = event["event"]
        if kind == "loaded":
            self._loaded.append(event)
        elif kind == "accuracy":
            self._accuracy = event["figures"]
        elif kind == "sgemm":
            for name, rate in event["gflops"].items():
                self._rates[name] = max(rate, self._rates.get(name, 0.0))
        elif kind == "slice":
            processes = self._cells.setdefault((event["mode"], event["pace"]), {})
            processes.setdefault(len(self._loaded), []).append(event)
        elif kind == "unavailable":
            self._unavailable[event["mode"], event["pace"]] = event["reason"]
        elif kind == "done":
            self._peaks.append(event["peak_rss_mb"])
        elif kind == "failed":
            self.failure = event["reason"]

    def record(self, sgemm_gflops: float | None) -> dict[str, Any]:
        """The configuration's part of a report.

        Args:
            sgemm_gflops: the machine's rate of matrix products.
        """
        failed = self.failure is not None or not self._loaded
        # The rate is a processor's, which says nothing of how busy a GPU is.
        rate = sgemm_gflops if self._job.device.lower().endswith(":cpu") else None
        return {
            "device": self._loaded[0]["device"] if self._loaded else self._job.device,
            "precision": self._job.precision,
            "status": "failed" if failed else "measured",
            "reason": self.failure,
            "threads": self._loaded[0]["threads"] if self._loaded else None,
            "accuracy": self._accuracy,
            "cold": {name: [_short(each[name]) for each in self._loaded] for name in _LOADING},
            "memory": self._memory(),
            "sgemm_gflops": {name: _short(rate) for name, rate in self._rates.items()},
            "results": [self._result(mode, pace, rate) for mode, pace in self._job.cells],
        }

    def _memory(self) -> dict[str, Any]:
        before = [each["rss_before_mb"] for each in self._loaded if each["rss_before_mb"]]
        loaded = [each["rss_mb"] for each in self._loaded if each["rss_mb"]]
        return {
            "rss_before_mb": known(_short(max(before, default=None))),
            "rss_loaded_mb": known(_short(max(loaded, default=None))),
            "peak_rss_mb": known(_short(max(self._peaks, default=None))),
        }

    def _result(self, mode: Mode, pace: str, sgemm: float | None) -> dict[str, Any]:
        processes = list(self._cells.get((mode, pace), {}).values())
        events = [event for slices in processes for event in slices]
        what = {"mode": mode, "pace": pace, "scenario": "SingleStream"}
        if not events:
            reason = self._unavailable.get((mode, pace)) or self.failure or "it was not reached"
            return {**what, "status": UNAVAILABLE, "reason": reason}
        latencies = [value for event in events for value in event["latencies_ms"]]
        wall_ms = sum(_wall_ms(event) for event in events)
        figures = latency_figures(latencies)
        flop = mode_flops(self._model, mode)
        gflops = None if flop is None else flop / figures["median"] / 1e6
        watts = self._meter.mean_watts([(each["started_ns"], each["ended_ns"]) for each in events])
        # After its first slice, since tasks are opened one after the other.
        memory = [slices[0]["rss_mb"] for slices in processes if slices[0]["rss_mb"]]
        return {
            **what,
            "status": "measured",
            "reason": None,
            "query_count": len(latencies),
            "total_host_walltime_s": _short(wall_ms / 1e3),
            "latency_ms": figures,
            "throughput_qps": _short(1e3 * len(latencies) / wall_ms),
            "cpu_cores": _short(sum(event["cpu_ms"] for event in events) / wall_ms),
            "missed_frames": sum(event["missed"] for event in events),
            "cut_short": any(event["cut"] for event in events),
            "rss_mb": known(_short(max(memory, default=None))),
            "power_w": known(_short(watts)),
            "flop": flop,
            "gflops": _short(gflops),
            "sgemm_fraction": _short(gflops / sgemm if gflops and sgemm else None),
            "quantiles_ms": quantiles(latencies),
            "blocks": [_block(slices) for slices in processes],
        }


def _block(slices: Sequence[Event]) -> dict[str, Any]:
    """One process's measurement, as `compare` needs it."""
    latencies = [value for event in slices for value in event["latencies_ms"]]
    figures = latency_figures(latencies)
    return {
        "query_count": len(latencies),
        "latency_ms": {name: figures[name] for name in ("min", "median", "percentile_90")},
        "slices": [_slice(event) for event in slices],
    }


def _slice(event: Event) -> dict[str, Any]:
    return {
        "query_count": len(event["latencies_ms"]),
        "percentile_10_ms": low_latency(event["latencies_ms"]),
        "median_ms": _short(median(event["latencies_ms"])),
        "reference_ms": _short(event["reference_ms"]),
        "other_cores": known(_short(event["others"])),
    }


def _wall_ms(event: Event) -> float:
    return float(event["ended_ns"] - event["started_ns"]) / 1e6


def _short(value: float | None) -> float | None:
    """Six significant digits."""
    return None if value is None else float(f"{value:.6g}")
