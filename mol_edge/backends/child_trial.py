"""Trying a runtime or a device in a child process, within a deadline.

What ends the child, an exception, a signal or the deadline, ends nothing else, and becomes one line
that says what happened and what mends it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from mol_edge.backends.base import BackendOptions
from mol_edge.backends.mending import ELSEWHERE, mend
from mol_edge.backends.session import SEE_DOCTOR
from mol_edge.bundle import Bundle

DEADLINE_S = 60.0
# `mol-edge doctor` takes no more.
_MOST_S = 3600.0
_SOURCE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); "
    "from mol_edge.backends.probe import main; main()"
)

Ending = Literal["answered", "failed", "crashed", "hung"]


@dataclass(frozen=True)
class Outcome:
    """How a child ended.

    Attributes:
        ending: ``answered``; ``failed``, with an exception; ``crashed``, by a signal or without a
            word; ``hung``, when the deadline had passed.
        answer: what it answered, else empty.
        what: one clause that says what happened where it did not answer, without a full stop.
    """

    ending: Ending
    answer: Mapping[str, Any] = field(default_factory=dict)
    what: str = ""


@dataclass(frozen=True)
class Trial:
    """One device as a child found it.

    Attributes:
        device: in full, such as ``openvino:GPU.0``.
        ending: how the child ended, see `Outcome`.
        seconds: usual time of the graphs of one new frame with flow; None where they were not run.
        graphs: the graphs that ran and gave finite numbers.
        note: why it does not work, with what mends it; empty where it works.
    """

    device: str
    ending: Ending
    seconds: float | None = None
    graphs: tuple[str, ...] = ()
    note: str = ""

    @property
    def works(self) -> bool:
        """Whether every inference of the trial ran and gave finite numbers."""
        return self.ending == "answered"


def try_device(
    bundle: Bundle,
    device: str,
    options: BackendOptions | None = None,
    *,
    every: bool = False,
    deadline_s: float = DEADLINE_S,
) -> Trial:
    """Run real inferences of a bundle on a device, in a child process.

    Args:
        bundle: the model.
        device: ``runtime[:device]``.
        options: as for `open_backend`.
        every: run every small graph and not only those of a new frame.
        deadline_s: seconds until the device counts as hung.

    Example:
        >>> try_device(Bundle.default(), "onnxruntime:cpu").works
        True
    """
    options = options or BackendOptions()
    folder = options.cache_dir
    request = {
        "task": "try",
        "bundle": str(bundle.folder.absolute()),
        "device": device,
        "options": {
            "threads": options.threads,
            "precision": options.precision,
            "profile": options.profile,
            "cache_dir": None if folder is None else str(folder.absolute()),
        },
        "every": every,
    }
    outcome = run_probe(request, deadline_s)
    if outcome.ending == "answered":
        answer = outcome.answer
        return Trial(device, "answered", answer["seconds"], tuple(answer["graphs"]))
    return Trial(device, outcome.ending, note=note_of(device, outcome, deadline_s))


def longer(deadline_s: float) -> str:
    """The command that gives devices longer than a deadline that has passed.

    Example:
        >>> longer(0.01), longer(60)
        ('mol-edge doctor --deadline 60', 'mol-edge doctor --deadline 300')
    """
    return f"mol-edge doctor --deadline {min(max(DEADLINE_S, 5 * deadline_s), _MOST_S):g}"


def note_of(device: str, outcome: Outcome, deadline_s: float) -> str:
    """What happened to a runtime or device that failed and what mends it, as one sentence."""
    remedy = mend(device, outcome.what)
    if outcome.ending == "hung":
        again = f"give it longer (`{longer(deadline_s)}`)"
        remedy = f"{again}, and if that does not help {remedy}"
    if SEE_DOCTOR in outcome.what:
        return outcome.what.replace(SEE_DOCTOR, remedy)
    says = ("`", "https://", ELSEWHERE)
    if outcome.ending == "failed" and any(text in outcome.what for text in says):
        return outcome.what
    return f"{outcome.what.rstrip('.')}: {remedy}."


def run_probe(request: Mapping[str, Any], deadline_s: float = DEADLINE_S) -> Outcome:
    """Let a child answer a request of `mol_edge.backends.probe`, and judge how it ended."""
    text = json.dumps({**request, "deadline_s": deadline_s})
    command = [sys.executable, "-c", _SOURCE, json.dumps(sys.path), text]
    with tempfile.TemporaryFile() as words:
        child = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=words,
            start_new_session=True,
        )
        try:
            answer, _ = child.communicate(timeout=deadline_s)
        except subprocess.TimeoutExpired:
            return Outcome("hung", what=f"it gave no result within {deadline_s:g} s")
        finally:
            _end(child)
        words.seek(max(0, words.tell() - 4096))
        said = words.read().decode(errors="replace")
    return _judge(answer, child.returncode, said)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill the child with all that it started, and take its status."""
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.communicate()


def _judge(answer: bytes, code: int, said: str) -> Outcome:
    try:
        content = json.loads(answer)
    except ValueError:
        content = None
    if isinstance(content, dict) and "error" in content:
        return Outcome("failed", content, str(content["error"]))
    if isinstance(content, dict) and code == 0:
        return Outcome("answered", content)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    last = f", its last words were {lines[-1][:160]!r}" if lines else ""
    if code < 0:
        return Outcome("crashed", what=f"it crashed with {_signal_name(-code)}{last}")
    return Outcome("crashed", what=f"it ended with code {code} and without an answer{last}")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
