"""What is left of a run that was interrupted."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import cv2
import pytest

from mol_edge.commands.interruption import Interruption, Terminated, unwinding
from tests.mol_edge.commands.run_results import read_lines, run_until_signalled
from tests.mol_edge.conftest import DEMO


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_keeps_what_it_has(tmp_path: Path, number: signal.Signals) -> None:
    arguments = [str(DEMO), "--detector", "haar", "--device", "onnxruntime"]
    code, out, errors = run_until_signalled(arguments, tmp_path, tmp_path / "cache", number)
    assert code == 130, errors
    _, *frames, summary = read_lines(tmp_path / "results.jsonl")
    assert (summary["complete"], summary["reason"]) == (False, "interrupted")
    assert len(frames) == summary["frames"] >= 5
    video = cv2.VideoCapture(str(tmp_path / "annotated.mp4"))
    assert video.get(cv2.CAP_PROP_FRAME_COUNT) == summary["frames"]
    assert "INCOMPLETE: interrupted" in out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_request_to_terminate_unwinds(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with pytest.raises(Terminated) as caught, unwinding():
        os.kill(os.getpid(), number)
        threading.Event().wait(10)
    assert caught.value.number == number
    assert signal.getsignal(number) is before


def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with unwinding(), Interruption() as interruption:
            os.kill(os.getpid(), signal.SIGHUP)
            interruption.check()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


_HANGS = """
import ctypes, threading
from mol_edge.commands.interruption import Interruption

libc, lock = ctypes.CDLL(None), ctypes.create_string_buffer(128)
with Interruption(patience_s=0.2):
    threading.Timer(0.5, print, ["hangs"], {"flush": True}).start()
    libc.pthread_mutex_lock(lock)
    libc.pthread_mutex_lock(lock)  # for ever, whatever signals come
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="hangs in a mutex of Linux")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_whose_decoder_hangs_ends_all_the_same(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HANGS], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "hangs\n"
        process.send_signal(number)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == (
        "mol-edge: interrupted in code that does not return; lines written are kept\n"
    )


def test_a_signal_that_is_answered_ends_nothing_early() -> None:
    with Interruption(patience_s=0.01) as interruption:
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(0.1)
        assert interruption.requested
    assert signal.set_wakeup_fd(-1) == -1


def test_signals_that_come_together_are_one_request() -> None:
    now_s = 100.0
    with Interruption(patience_s=1000, now_s=lambda: now_s) as interruption:
        for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            os.kill(os.getpid(), number)
        now_s += 0.4
        os.kill(os.getpid(), signal.SIGTERM)
        assert interruption.requested
        now_s += 0.2
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)


def test_a_request_to_terminate_while_a_run_is_opened_is_told(tmp_path: Path) -> None:
    points = tmp_path / "points.csv"
    os.mkfifo(points)
    words = ["run", str(DEMO), "--points", str(points), "--live", "--out", str(tmp_path / "out")]
    process = subprocess.Popen(
        [sys.executable, "-m", "mol_edge", *words], stderr=subprocess.PIPE, text=True
    )
    # Both wait here until the other is there.
    with open(points, "w"):
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (-signal.SIGTERM, "mol-edge: terminated\n")
    assert not (tmp_path / "out").exists()


_PARENT = """
import argparse, subprocess, sys
from mol_edge import cli
from mol_edge.commands.interruption import unwinding

@unwinding()
def execute(_):
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        print(child.pid, flush=True)
        child.wait()
    finally:
        child.kill()
        child.wait()
        print("killed", flush=True)

parser = argparse.ArgumentParser()
parser.set_defaults(execute=execute)
cli.build_parser = lambda: parser
sys.exit(cli.main([]))
"""


def test_a_terminated_command_takes_its_children_along_and_dies_of_the_signal() -> None:
    process = subprocess.Popen([sys.executable, "-c", _PARENT], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=60)
    assert (rest, process.returncode) == ("killed\n", -signal.SIGTERM)
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_an_output_without_room_is_one_sentence(unbuffered: str) -> None:
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mol_edge", "models", "list"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert done.returncode == 2
    assert done.stderr == (
        "mol-edge: error: Standard output cannot be written (No space left on device): send it to "
        "where there is room.\n"
    )
