"""Running a job in a process of its own, which may fail or hang without taking us along."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import IO, Any

from mol_edge.backends.device import default_threads
from mol_edge.benchmark.job import Job

Event = Mapping[str, Any]
RunJob = Callable[[Job], Iterator[Event]]

_SILENCE_S = 300.0
# The first engine of a network is built for minutes.
_BUILDING_S = 3600.0
# Libraries that NumPy may multiply matrices with; the runtimes are told their threads by us.
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def run_job(job: Job) -> Iterator[Event]:
    """What a process that does the job tells, as it goes; the last is ``done`` or ``failed``."""
    silence_s = _BUILDING_S if job.device.startswith("tensorrt") else _SILENCE_S
    silence_s += job.rule.max_duration_ms / 1e3
    command = [sys.executable, "-m", "mol_edge.benchmark.child"]
    yield from follow(command, json.dumps(job.to_json()), _environment(job.threads), silence_s)


def follow(
    command: list[str], text: str, environment: Mapping[str, str], silence_s: float
) -> Iterator[Event]:
    """Start a process, hand it a text, and give the JSON objects that it prints, one a line.

    Args:
        command: what is started.
        text: its standard input.
        environment: its environment variables.
        silence_s: how long it may say nothing before it counts as hung and is killed.
    """
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        command, stdin=pipe, stdout=pipe, stderr=pipe, env=dict(environment), text=True
    )
    lines: queue.Queue[str | None] = queue.Queue()
    errors: list[str] = []
    threads = [
        threading.Thread(target=_read, args=(process.stdout, lines.put), daemon=True),
        threading.Thread(target=_read, args=(process.stderr, errors.append), daemon=True),
    ]
    for thread in threads:
        thread.start()
    last = ""
    try:
        threading.Thread(target=_write, args=(process.stdin, text), daemon=True).start()
        while last not in ("done", "failed"):
            event = _next(lines, errors, silence_s)
            last = event["event"]
            yield event
    finally:
        if last != "done":
            process.kill()
        _reap(process)


def _next(lines: queue.Queue[str | None], errors: list[str], silence_s: float) -> Event:
    try:
        line = lines.get(timeout=silence_s)
    except queue.Empty:
        return {"event": "failed", "reason": f"its process said nothing for {silence_s:.0f} s"}
    if line is not None:
        event: Event = json.loads(line)
        return event
    said = [text.strip() for text in errors if text and text.strip()]
    why = f" ({said[-1][:200]})" if said else ""
    return {"event": "failed", "reason": f"its process ended before it was done{why}"}


def _read(stream: IO[str], take: Callable[[Any], object]) -> None:
    for line in stream:
        take(line)
    take(None)


def _write(stream: IO[str], text: str) -> None:
    try:
        stream.write(text)
        stream.close()
    except OSError:
        # It has ended already; that its output ends too says so.
        return


def _reap(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _environment(threads: int) -> dict[str, str]:
    count = str(threads or default_threads())
    return {**os.environ, **dict.fromkeys(_THREAD_VARIABLES, count)}
