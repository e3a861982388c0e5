"""Opening and closing, and who may use a pipeline at one time."""

import gc
import logging
import threading

import numpy as np
import pytest

from mol_edge.errors import ArrayError, BundleError, BusyError, DeviceError, InputError, OptionError
from mol_edge.pipeline import Pipeline
from tests.mol_edge.pipeline.toy_faces import moving, steady, toy_bundle
from tests.mol_edge.scenes import Scripted


def test_a_path_is_opened_as_a_bundle(toy_folder, tmp_path):
    with Pipeline(toy_folder, "onnxruntime", Scripted(steady)) as pipe:
        assert pipe.labels == toy_bundle.LABELS
        assert pipe.window_ms == 350
        assert pipe.device == "onnxruntime:cpu"
    with pytest.raises(BundleError, match="is no folder"):
        Pipeline(tmp_path / "nothing")


@pytest.mark.parametrize("detector", ["haar", 3, object()])
def test_what_is_no_detector_is_refused_before_anything_is_opened(detector):
    with pytest.raises(OptionError, match=r"such as `mol_edge.open_detector` gives, got "):
        Pipeline("nothing", "nowhere", detector)


@pytest.mark.parametrize("options", [{}, {"windows_ms": (200,)}, 350])
def test_what_are_no_options_are_refused(options):
    with pytest.raises(OptionError, match="options must be PipelineOptions, got "):
        Pipeline("nothing", "nowhere", options=options)


def test_an_untrained_bundle_is_told(open_pipe, caplog):
    with caplog.at_level(logging.WARNING, "mol_edge"):
        open_pipe()
    assert "The bundle toy is not trained: its classes and landmarks mean nothing" in caplog.text


def test_a_closed_pipeline_says_so(open_pipe, images):
    pipe = open_pipe()
    pipe.close()
    for use in (lambda: pipe.classify(images[:8]), lambda: pipe.run(images)):
        with pytest.raises(DeviceError, match=r"This pipeline was closed: open another one\."):
            use()


def test_a_run_that_is_under_way_refuses_another(open_pipe, images):
    pipe = open_pipe()
    run = pipe.run(images)
    next(run)
    with pytest.raises(BusyError, match="serves one run at a time and another one is under way"):
        pipe.run(images)
    run.close()
    assert len(list(pipe.run(images))) == 24
    assert list(run) == []


def test_a_run_frees_the_pipeline_however_it_ends(open_pipe, images):
    pipe = open_pipe()
    with pipe.run(images) as run:
        next(run)
    for _ in pipe.run(images):
        break
    gc.collect()
    with pytest.raises(InputError):
        pipe.run("/nowhere.mp4")
    with pytest.raises(ArrayError):
        list(pipe.run([images[0], "text"]))
    pipe.run(images)
    gc.collect()
    assert len(list(pipe.run(images))) == 24


def test_only_one_of_many_threads_gets_the_run(open_pipe, images):
    pipe = open_pipe()
    start = threading.Barrier(6)
    outcomes = []

    def work():
        start.wait()
        try:
            outcomes.append(pipe.run(images))
        except BusyError:
            outcomes.append(None)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (run,) = [outcome for outcome in outcomes if outcome is not None]
    assert len(outcomes) == 6
    assert len(list(run)) == 24


def test_threads_may_classify_while_another_runs(open_pipe, images):
    pipe = open_pipe(moving)
    alone = pipe.classify(images[:8]).phases[0].logits
    run_alone = [result.faces[0].window for result in pipe.run(images)][-1].logits
    wrong = []

    def work():
        for _ in range(10):
            if not np.array_equal(pipe.classify(images[:8]).phases[0].logits, alone):
                wrong.append("classify")

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for _ in range(3):
        last = list(pipe.run(images))[-1].faces[0].window.logits
        if not np.array_equal(last, run_alone):
            wrong.append("run")
    for thread in threads:
        thread.join()
    assert wrong == []


def test_classify_within_a_run(open_pipe, images):
    pipe = open_pipe()
    for result in pipe.run(images):
        if result.index == 10:
            assert len(pipe.classify(images[:8]).phases) == 1
