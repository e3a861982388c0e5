from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mol_edge.backends import child_trial
from mol_edge.backends.base import BackendOptions
from mol_edge.backends.child_trial import run_probe, try_device
from tests.mol_edge.backends import planted
from tests.mol_edge.backends.planted import plant

DEADLINE_S = 30.0


def test_a_device_that_works_is_timed(toy):
    pytest.importorskip("onnxruntime")
    trial = try_device(toy, "onnxruntime:cpu", BackendOptions(threads=1), deadline_s=DEADLINE_S)
    assert trial.works, trial.note
    assert trial.seconds > 0
    assert trial.graphs == ("features", "encoder", "flow")
    assert trial.note == ""


def test_every_small_graph_is_tried_where_that_is_asked_for(toy):
    pytest.importorskip("onnxruntime")
    trial = try_device(toy, "onnxruntime:cpu", every=True, deadline_s=DEADLINE_S)
    assert trial.graphs == ("features", "encoder", "flow", "head")


@pytest.mark.parametrize(
    ("source", "ending", "expected"),
    [
        (planted.RAISES, "failed", "cannot be imported (libtbb.so.12: cannot open"),
        (planted.SEGFAULTS, "crashed", "it crashed with SIGSEGV"),
        (planted.FAILS_AT_FIRST_INFERENCE, "failed", "no kernel image is available"),
        (planted.CRASHES_AT_FIRST_INFERENCE, "crashed", "it crashed with SIGSEGV"),
    ],
    ids=["import raises", "import crashes", "inference fails", "inference crashes"],
)
def test_a_broken_runtime_is_survived_and_its_mend_named(
    toy, tmp_path, monkeypatch, source, ending, expected
):
    monkeypatch.syspath_prepend(plant(tmp_path, onnxruntime=source))
    trial = try_device(toy, "onnxruntime:cpu", deadline_s=DEADLINE_S)
    assert trial.ending == ending
    assert not trial.works
    assert expected in trial.note
    assert "`pip install --force-reinstall onnxruntime`" in trial.note


@pytest.mark.parametrize("source", [planted.HANGS, planted.HANGS_AT_FIRST_INFERENCE])
def test_one_that_hangs_is_killed_at_its_deadline(toy, tmp_path, monkeypatch, source):
    monkeypatch.syspath_prepend(plant(tmp_path, onnxruntime=source))
    children = []
    started = subprocess.Popen

    def start(*arguments, **options):
        children.append(started(*arguments, **options))
        return children[-1]

    monkeypatch.setattr(child_trial.subprocess, "Popen", start)
    trial = try_device(toy, "onnxruntime:cuda:0", deadline_s=1.5)
    assert trial.ending == "hung"
    assert trial.note.startswith(
        "it gave no result within 1.5 s: give it longer (`mol-edge doctor "
    )
    assert "does not help see with `nvidia-smi`" in trial.note
    assert "`pip install --force-reinstall onnxruntime-gpu`" in trial.note
    assert children[0].returncode == -9
    with pytest.raises(ProcessLookupError):
        os.kill(children[0].pid, 0)


def test_what_a_runtime_prints_is_not_taken_for_the_answer(tmp_path, monkeypatch):
    (tmp_path / "chatty.py").write_text("print('{\"version\": \"9\"}')\n__version__ = '2.0'\n")
    monkeypatch.syspath_prepend(tmp_path)
    outcome = run_probe({"task": "import", "module": "chatty"}, DEADLINE_S)
    assert outcome.answer == {"version": "2.0"}


def test_the_last_words_of_a_crash_are_told(tmp_path, monkeypatch):
    source = "import os, sys\nprint('driver: lost', file=sys.stderr, flush=True)\nos.abort()\n"
    (tmp_path / "talker.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    outcome = run_probe({"task": "import", "module": "talker"}, DEADLINE_S)
    assert outcome.ending == "crashed"
    assert outcome.what == "it crashed with SIGABRT, its last words were 'driver: lost'"


def test_a_child_that_just_ends_has_crashed(tmp_path, monkeypatch):
    (tmp_path / "leaver.py").write_text("import os\nos._exit(7)\n")
    monkeypatch.syspath_prepend(tmp_path)
    outcome = run_probe({"task": "import", "module": "leaver"}, DEADLINE_S)
    assert (outcome.ending, outcome.what) == (
        "crashed",
        "it ended with code 7 and without an answer",
    )


def test_the_child_sees_the_modules_of_its_parent_and_no_others(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [path for path in sys.path if path not in ("", ".")])
    (tmp_path / "stranger.py").write_text("__version__ = '1'\n")
    outcome = run_probe({"task": "import", "module": "stranger"}, DEADLINE_S)
    assert outcome.ending == "failed"
    assert "No module named 'stranger'" in outcome.what
