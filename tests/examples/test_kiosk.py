"""The kiosk: its page, its health for a monitor, what it tells systemd, and a whole run."""

from __future__ import annotations

import configparser
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from examples import kiosk
from mol_edge import Event, EventKind, Health, HealthState, MolEdgeError

pytest.importorskip("cv2")
pytest.importorskip("onnxruntime")

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "examples" / "data" / "demo.mp4"


def event(number: int = 0) -> Event:
    peak = {"left_brow": 0.4, "mouth": 0.1}
    return Event(0, EventKind.MICRO, number, 5, 9, 0, 80_000_000, 150_400_000, peak)


def get(url: str) -> tuple[int, Any]:
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


@pytest.fixture
def health() -> dict[str, Health]:
    return {"now": Health(HealthState.RUNNING, 0, "camera 0 gives pictures.", results=7)}


@pytest.fixture
def board() -> kiosk.Board:
    return kiosk.Board(labels_known=False, most_events=3)


@pytest.fixture
def url(board: kiosk.Board, health: dict[str, Health]) -> Iterator[str]:
    with kiosk.Page(("127.0.0.1", 0), lambda: board.state(health["now"])) as page:
        thread = threading.Thread(target=page.serve_forever)
        thread.start()
        yield page.url
        page.shutdown()
        thread.join()


def test_events_come_to_the_page_newest_first_and_old_ones_go(board: kiosk.Board, url: str) -> None:
    for number in range(5):
        board.on_event(event(number))
    code, text = get(f"{url}state.json")
    state = json.loads(text)
    assert (code, state["state"], state["results"]) == (200, "running", 7)
    assert len(state["events"]) == 3
    newest = state["events"][0]
    assert re.fullmatch(r"\d\d:\d\d:\d\d", newest.pop("at"))
    assert newest == {"kind": "micro", "duration_ms": 150, "region": "left_brow", "label": None}


def test_the_page_is_a_page_and_nothing_else_is_served(url: str) -> None:
    code, text = get(url)
    assert code == 200
    assert "This camera measures movements of faces" in text
    assert get(f"{url}../../etc/passwd")[0] == 404


def test_a_port_that_is_none_or_taken_is_one_sentence(
    url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        kiosk.parse(["0", "--port", "99999"])
    assert "must be a number from 0 to 65535, got '99999'" in capsys.readouterr().err
    taken = int(url.rstrip("/").rpartition(":")[2])
    with pytest.raises(MolEdgeError, match=f"cannot have 127.0.0.1:{taken} .* name another"):
        kiosk.open_page("127.0.0.1", taken, dict)


def test_a_monitor_gets_503_while_no_pictures_come(url: str, health: dict[str, Health]) -> None:
    assert get(f"{url}health")[0] == 200
    health["now"] = Health(HealthState.RECONNECTING, 0, "camera 0 was lost.")
    code, text = get(f"{url}health")
    assert (code, json.loads(text)["state"]) == (503, "reconnecting")


def test_systemd_is_told_where_it_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kiosk.notify("READY=1")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.bind(str(tmp_path / "notify"))
        wire.settimeout(30)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        kiosk.notify("WATCHDOG=1")
        assert wire.recv(100) == b"WATCHDOG=1"


def test_the_unit_starts_the_kiosk_as_it_is() -> None:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str
    unit.read(ROOT / "examples" / "kiosk.service")
    service = unit["Service"]
    _, program, *arguments = service["ExecStart"].split()
    assert program == "/opt/mol-edge/kiosk.py"
    given = kiosk.parse(arguments)
    assert (given.source, given.host, given.port) == ("0", "127.0.0.1", 8080)
    assert (service["Type"], service["Restart"]) == ("notify", "on-failure")
    # The loop of `main` notifies each second.
    assert int(service["WatchdogSec"]) >= 10


def start(source: Path | str, environment: dict[str, str]) -> subprocess.Popen[str]:
    program = [sys.executable, "examples/kiosk.py", str(source), "--port", "0"]
    return subprocess.Popen(
        [*program, "--device", "onnxruntime"], cwd=ROOT, env={**os.environ, **environment},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def test_a_whole_run_answers_and_ends_well_on_sigterm(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.bind(str(tmp_path / "notify"))
        wire.settimeout(60)
        with start(DEMO, {"NOTIFY_SOCKET": str(tmp_path / "notify")}) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            assert re.fullmatch(r"page at http://127\.0\.0\.1:\d+/\n", line), line
            assert wire.recv(500) == b"READY=1"
            state = json.loads(get(f"{line.split()[-1]}state.json")[1])
            assert state["state"] in {state.value for state in HealthState}
            process.send_signal(signal.SIGTERM)
            _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "Traceback" not in errors
