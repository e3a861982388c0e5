"""A pipeline that is closed in the midst of what it does."""

import threading

import pytest

from mol_edge.errors import DeviceError
from mol_edge.health import HealthState as State
from mol_edge.sources.connect import open_live
from tests.mol_edge.live_runs import PATIENCE_S, Heard
from tests.mol_edge.pipeline.toy_faces import sharp_pictures, steady

CLOSED = r"^This pipeline was closed: open another one\.$"


def from_another_thread(close):
    thread = threading.Thread(target=close)
    thread.start()
    return thread


def test_a_run_says_that_its_pipeline_was_closed(open_pipe, images):
    pipe = open_pipe()
    run = pipe.run(images, "never")
    next(run)
    from_another_thread(pipe.close).join(PATIENCE_S)
    with pytest.raises(DeviceError, match=CLOSED):
        next(run)
    with pytest.raises(DeviceError, match=CLOSED):
        pipe.run(images)


def test_a_run_of_a_feed_says_so_too_and_leaves_the_feed_to_its_owner(open_pipe):
    pipe = open_pipe()
    with open_live(sharp_pictures(3)) as feed:
        run = pipe.run(feed, "never")
        next(run)
        pipe.close()
        with pytest.raises(DeviceError, match=CLOSED):
            next(run)
        assert not feed.state.state.final


def test_the_frame_in_hand_is_finished(open_pipe, images):
    closing = []

    def looking(index):
        if index == 3:
            closing.append(from_another_thread(pipe.close))
            closing[0].join(0.2)
        return steady(index)

    pipe = open_pipe(looking)
    run = pipe.run(images, "never")
    assert [next(run).index for _ in range(4)] == [0, 1, 2, 3]
    closing[0].join(PATIENCE_S)
    with pytest.raises(DeviceError, match=CLOSED):
        next(run)


def test_clips_that_wait_for_their_turn_are_refused(open_pipe, images):
    waiting = []

    def looking(index):
        if not waiting:
            waiting.append(from_another_thread(classify))
            pipe.close()
        return steady(index)

    def classify():
        with pytest.raises(DeviceError, match=CLOSED):
            pipe.classify(images[:8])
        refused.set()

    refused = threading.Event()
    pipe = open_pipe(looking)
    with pytest.raises(DeviceError):
        pipe.classify(images[:8])
    assert refused.wait(PATIENCE_S)


@pytest.mark.parametrize("where", ["on_result", "on_health", "elsewhere"])
def test_a_live_run_ends_well(open_pipe, where):
    pipe, gate, seen, heard = open_pipe(), threading.Event(), threading.Event(), Heard()

    def camera():
        yield from sharp_pictures(4)
        # A camera that gives no more must not keep the run waiting either.
        gate.wait(PATIENCE_S)

    def close(value):
        heard.on_health(value) if where == "on_health" else heard.on_result(value)
        if where == "elsewhere":
            seen.set()
        elif getattr(value, "state", None) is not State.CONNECTING:
            pipe.close()

    functions = {**heard.all, "on_result" if where == "elsewhere" else where: close}
    run = pipe.live(camera, "never", **functions)
    if where == "elsewhere":
        assert seen.wait(PATIENCE_S)
        pipe.close()
    health = run.wait(PATIENCE_S)
    gate.set()
    assert (health.state, health.message) == (State.ENDED, "camera was closed.")
    assert heard.states[-1] is State.ENDED
    assert health.callback_errors == 0
    with pytest.raises(DeviceError, match=CLOSED):
        pipe.live(camera)
