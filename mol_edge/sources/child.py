"""The process that reads a source for another one: see `mol_edge.sources.child_reader`.

It is told what to read in one JSON line on its standard input, whose end is its own: a parent that
is gone, by whatever signal, must not leave a process behind that holds a camera. Messages go out
as JSON lines, pictures through `FrameMemory`.
"""

from __future__ import annotations

import json
import os
import threading
import time
from typing import Any

from mol_edge.errors import MissingExtraError, MolEdgeError, OptionError
from mol_edge.frame import Frame
from mol_edge.sources import SourceOptions, open_source
from mol_edge.sources.base import Source
from mol_edge.sources.frame_memory import FrameMemory
from mol_edge.sources.paced import PacedSource
from mol_edge.sources.wrong import WrongSourceError

_STDIN = 0


class _Outlet:
    """Sends messages and pictures to the parent."""

    def __init__(self, messages: int, memory: FrameMemory) -> None:
        self._messages, self._memory = messages, memory
        self._number = 0

    def send(self, kind: str, value: object) -> None:
        """Send one message."""
        line = json.dumps([kind, value]).encode() + b"\n"
        while line:
            line = line[os.write(self._messages, line) :]

    def send_frame(self, frame: Frame) -> None:
        """Send one picture, stamped with the present time."""
        captured_ns = time.monotonic_ns()
        self._number += 1
        at = self._memory.write(self._number, frame.image)
        head = (self._number, at, frame.image.shape, frame.format, frame.full_range)
        self.send("frame", (*head, frame.timestamp_ns, captured_ns))


def read_for_parent(request: dict[str, Any]) -> None:
    """Read the source that `request` names and send what it gives, to its end."""
    threading.Thread(target=_leave_with_parent, daemon=True).start()
    outlet = _Outlet(request["messages"], FrameMemory(request["memory"]))
    try:
        source = open_source(request["source"], SourceOptions(**request["options"]))
        if not source.live:
            source = PacedSource(source)
        _send_all(source, outlet)
    except (WrongSourceError, MissingExtraError, OptionError) as error:
        outlet.send("wrong", str(error))
    except MolEdgeError as error:
        outlet.send("error", str(error))
    except BrokenPipeError:
        pass
    except Exception as error:
        outlet.send("error", f"{type(error).__name__}: {error}")


def _send_all(source: Source, outlet: _Outlet) -> None:
    outlet.send("opened", {"name": source.name, "period_ns": source.period_ns})
    for frame in source:
        outlet.send_frame(frame)
    outlet.send("ended", source.incomplete)


def _leave_with_parent() -> None:
    """Wait for the end of standard input, then leave, even in the middle of a hung read."""
    while os.read(_STDIN, 64):
        pass
    os._exit(0)


def main() -> None:
    """Be the child: read the request, serve it, leave without Python's farewell, which may hang."""
    line = b""
    while not line.endswith(b"\n"):
        piece = os.read(_STDIN, 1)
        if not piece:
            os._exit(0)
        line += piece
    try:
        read_for_parent(json.loads(line))
    finally:
        os._exit(0)
