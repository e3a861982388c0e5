"""Reading in a process of its own, which can be killed.

Why a process: OpenCV's `VideoCapture.read()` can block for ever inside a driver or a decoder
(OpenCV issue 22677), and Python cannot interrupt it. A thread that hangs there can only be left
behind, with the camera still in its hand, so that opening it anew fails as busy. A process can be
killed: the kernel closes the device, memory of a leaking decoder is gone, and a crash in a codec
costs a reconnect instead of the program. It costs some 60 MB, half a second at each opening and
one copy per picture (0.2 ms at 1280 x 720), and takes decoding off this process's interpreter.

`subprocess` instead of `multiprocessing`: nothing of the caller's main module is imported again.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import subprocess
import sys
from collections import deque
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mol_edge.errors import InputError
from mol_edge.frame import Frame
from mol_edge.sources.base import SourceOptions
from mol_edge.sources.frame_memory import FrameMemory
from mol_edge.sources.reader import Captured, EndOfSource
from mol_edge.sources.wrong import WrongSourceError

_PROGRAM = """
import sys
sys.path[:0] = sys.argv[1:]
from mol_edge.sources.child import main
main()
"""
_PACKAGE = Path(__file__).parents[2]
_QUIET = {"OPENCV_LOG_LEVEL": "SILENT", "OPENCV_FFMPEG_LOGLEVEL": "-8"}


class ChildReader:
    """Frames of a camera, a stream or a paced file, read by a child process.

    The child has no part in the terminal's signals, so Ctrl-C ends it only through us; it ends by
    itself when this process does, however that happens.

    Args:
        source: camera number, path or address, as `mol_edge.open_source` takes it.
        options: how it is read.
        name: what is read, until the child says it better.

    Raises:
        InputError: no process can be started.
        OptionError: this system shares no memory between processes.
    """

    def __init__(self, source: int | str, options: SourceOptions, name: str) -> None:
        self.name = name
        self.period_ns: int | None = None
        self.overrun = 0
        self._lines: deque[bytes] = deque()
        self._rest = b""
        self._memory = FrameMemory()
        self._messages, write_end = os.pipe()
        try:
            self._process = self._start(write_end)
        except OSError as error:
            os.close(self._messages)
            self._memory.close()
            raise InputError(
                f"No process could be started to read {name} ({error.strerror}): free memory or "
                "processes, or set LiveOptions(guard='thread')."
            ) from None
        finally:
            os.close(write_end)
        self._poll = select.poll()
        self._poll.register(self._messages, select.POLLIN)
        self._request(
            source=source,
            options=asdict(options),
            messages=write_end,
            memory=self._memory.fd,
        )

    def _start(self, write_end: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable or "python3", "-c", _PROGRAM, str(_PACKAGE), *sys.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            pass_fds=(write_end, self._memory.fd),
            start_new_session=True,
            env={**_QUIET, **os.environ},
        )

    def _request(self, **values: object) -> None:
        """Say what to read; not as an argument, where an address would show its password."""
        assert self._process.stdin is not None
        # A child that died at once shows in the first poll.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(values).encode() + b"\n")
            self._process.stdin.flush()

    def poll(self, seconds: float) -> Captured | None:
        """See `Reader.poll`."""
        if not self._lines and self._poll.poll(1000 * max(0.0, seconds)):
            self._receive()
        while self._lines:
            kind, value = json.loads(self._lines.popleft())
            if kind == "frame":
                captured = self._captured(*value)
                if captured is not None:
                    return captured
            elif kind == "opened":
                self.name, self.period_ns = value["name"], value["period_ns"]
            elif kind == "ended":
                raise EndOfSource(value)
            elif kind == "wrong":
                raise WrongSourceError(value)
            else:
                raise InputError(value)
        return None

    def _receive(self) -> None:
        data = os.read(self._messages, 1 << 16)
        if not data:
            code = self._process.wait(1.0)
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise InputError(f"The process that read {self.name} ended with {how}.")
        *lines, self._rest = (self._rest + data).split(b"\n")
        self._lines.extend(lines)

    def _captured(self, number: int, at: int, shape: list[int], *rest: Any) -> Captured | None:
        format, full_range, timestamp_ns, captured_ns = rest
        image = self._memory.read(number, at, shape)
        if image is None:
            self.overrun += 1
            return None
        frame = Frame(image, timestamp_ns, number - 1, format, full_range)
        return Captured(frame, captured_ns)

    def close(self) -> None:
        """Kill the child and give back what was shared with it."""
        # A number that is closed twice may by then be somebody else's file.
        messages, self._messages = self._messages, -1
        if messages < 0:
            return
        self._process.kill()
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        os.close(messages)
        self._memory.close()
        # A process inside a driver ends only when the driver lets it go; do not wait for that.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)

    @property
    def hanging(self) -> bool:
        """Whether the child has not ended."""
        return self._process.poll() is None
