"""A kiosk: watches a camera for good, tells events to a function of yours and to a local page.

    python examples/kiosk.py 0                                # camera 0, page at 127.0.0.1:8080
    python examples/kiosk.py examples/data/demo.mp4 --port 0  # any free port

What restarts what: a camera that hangs or vanishes is opened anew by mol-edge, for ever; a run that
fails for another reason ends this process with exit code 1, and a process that hangs misses its
watchdog: both are for systemd to restart (`examples/kiosk.service`). The page holds numbers only,
no pictures, and says that faces are watched, as those before the camera must be told.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from mol_edge import Event, FrameResult, Health, HealthState, LiveOptions, MolEdgeError, Pipeline

log = logging.getLogger("kiosk")

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Kiosk</title>
<style>body{font:1rem sans-serif;margin:1rem;max-width:50rem}td,th{text-align:left;
vertical-align:top;padding:.2rem .6rem .2rem 0}#state{font-weight:bold}
@media(max-width:30rem){table{font-size:.8rem}td,th{padding-right:.3rem}}</style>
<h1>This camera measures movements of faces</h1>
<p>Pictures are not kept and not sent. Camera: <span id="state">…</span> <span id="message"></span>
<p><span id="results">0</span> pictures measured, face in view: <span id="face">no</span>
<table><thead><tr><th>Time<th>Movement<th>Duration<th>Part of the face<th>Class</thead>
<tbody id="events"></tbody></table>
<script>
const put = (id, text) => document.getElementById(id).textContent = text;
async function refresh() {
  try {
    const now = await (await fetch("state.json")).json();
    put("state", now.state); put("message", now.message);
    put("results", now.results); put("face", now.face ? "yes" : "no");
    document.getElementById("events").replaceChildren(...now.events.map(event => {
      const row = document.createElement("tr");
      const duration = event.duration_ms + " ms";
      for (const text of [event.at, event.kind, duration, event.region, event.label])
        row.insertCell().textContent = text ?? "–";
      return row;
    }));
  } catch { put("state", "the kiosk does not answer"); }
  setTimeout(refresh, 500);
}
refresh();
</script>"""


class Board:
    """What the page shows: the newest health, whether a face is in view, the latest events."""

    def __init__(self, labels_known: bool, most_events: int = 20) -> None:
        self._lock = threading.Lock()
        self._labels_known = labels_known
        self._face = False
        self._events: deque[dict[str, Any]] = deque(maxlen=most_events)

    def on_event(self, event: Event) -> None:
        """Your own function may stand here: open a door, write to a database."""
        entry = {
            "at": time.strftime("%H:%M:%S"),
            "kind": event.kind.value,
            "duration_ms": round(event.duration_ms),
            "region": event.region,
            # A class that a model only guesses is not shown to anybody.
            "label": event.label if self._labels_known else None,
        }
        log.info("%(kind)s movement of %(duration_ms)d ms, %(region)s: %(label)s", entry)
        with self._lock:
            self._events.appendleft(entry)

    def on_result(self, result: FrameResult) -> None:
        with self._lock:
            self._face = any(face.landmarks is not None for face in result.faces)

    def on_health(self, health: Health) -> None:
        log.info("%s: %s", health.state.value, health.message)

    def state(self, health: Health) -> dict[str, Any]:
        """All of it, ready for JSON."""
        with self._lock:
            return {
                "state": health.state.value,
                "message": health.message,
                "results": health.results,
                "reconnects": health.reconnects,
                "face": self._face and health.state is HealthState.RUNNING,
                "events": list(self._events),
            }


class Page(ThreadingHTTPServer):
    """Serves the page, its numbers, and `/health` for a monitor: 200 while pictures come."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], read: Any) -> None:
        super().__init__(address, _Handler)
        self.read = read
        self._host = address[0]

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: Page

    def do_GET(self) -> None:
        if self.path == "/":
            self._send(200, "text/html; charset=utf-8", PAGE)
        elif self.path in ("/state.json", "/health"):
            state = self.server.read()
            well = self.path != "/health" or state["state"] == HealthState.RUNNING.value
            self._send(200 if well else 503, "application/json", json.dumps(state))
        else:
            self._send(404, "text/plain; charset=utf-8", "There is / and /state.json and /health.")

    def _send(self, code: int, kind: str, text: str) -> None:
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: Any) -> None:
        log.debug(format, *arguments)


def notify(message: str) -> None:
    """Tell systemd, where it started us; see sd_notify(3)."""
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
            wire.sendto(message.encode(), address.replace("@", "\0", 1).encode())


def port_number(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"must be a number from 0 to 65535, got {text!r}")
    return int(text)


def open_page(host: str, port: int, state: Callable[[], dict[str, Any]]) -> Page:
    """The page; MolEdgeError where its address cannot be had."""
    try:
        return Page((host, port), state)
    except OSError as error:
        raise MolEdgeError(
            f"The page cannot have {host}:{port} ({error.strerror}): name another --host or --port."
        ) from None


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("source", help="camera number, stream address or video file")
    parser.add_argument("--bundle", help="model (default: the demo model)")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--host", default="127.0.0.1", help="default: this machine alone")
    parser.add_argument(
        "--port", type=port_number, default=8080, help="0 takes a free one (default: 8080)"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Run until a signal comes (exit code 0), a recording ends (0) or the run fails (1)."""
    given = parse(arguments)
    logging.basicConfig(level=logging.INFO, format="%(name)s: %(message)s")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with Pipeline(given.bundle, given.device) as pipe:
        board = Board(pipe.bundle.manifest.knows_classes)
        # Flow only where a face moves; the camera is tried again for ever.
        with (
            pipe.live(
                given.source,
                "on_motion",
                on_result=board.on_result,
                on_event=board.on_event,
                on_health=board.on_health,
                options=LiveOptions(max_reconnects=None),
            ) as run,
            open_page(given.host, given.port, lambda: board.state(run.health)) as page,
        ):
            threading.Thread(target=page.serve_forever, daemon=True).start()
            print(f"page at {page.url}", flush=True)
            notify("READY=1")
            # Each turn asks the run for its health, so that a process that hangs misses its turn.
            while not run.health.state.final and not stop.wait(1.0):
                notify(f"WATCHDOG=1\nSTATUS={run.health.state.value}: {run.health.message}")
            notify("STOPPING=1")
            page.shutdown()
        return 1 if run.health.state is HealthState.FAILED else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MolEdgeError as error:
        sys.exit(str(error))
