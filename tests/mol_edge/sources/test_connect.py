"""Each kind of source under guard, read by the threads and processes that really read it."""

import socket
import subprocess
import threading

import numpy as np
import pytest

from mol_edge.errors import InputError, OptionError
from mol_edge.frame import Frame
from mol_edge.health import HealthState as State
from mol_edge.sources import Source, SourceOptions, open_source
from mol_edge.sources.connect import open_live
from mol_edge.sources.live_options import LiveOptions
from mol_edge.sources.paced import PacedSource
from tests.mol_edge.live_sources import MS, QUICK, noise, states, watched


@pytest.mark.parametrize("guard", ["process", "thread"])
def test_a_file_is_played_and_ends(video, guard):
    with open_live(video, LiveOptions(guard=guard)) as feed:
        told = watched(feed)
        frames = list(feed)
    assert len(frames) + feed.dropped == feed.frames
    assert feed.frames == 90
    assert frames
    assert states(told) == [State.RUNNING, State.ENDED]
    assert np.all(np.diff([frame.timestamp_ns for frame in frames]) > 0)
    assert feed.period_ns is None or feed.period_ns == 33_333_333


def test_a_file_that_is_not_there_is_refused_at_once():
    with pytest.raises(InputError, match=r"There is no file or folder /nothing.mp4: check the"):
        open_live("/nothing.mp4")


def test_a_number_of_no_camera_is_refused_at_once():
    for number in (-1, 100, "100"):
        with pytest.raises(InputError, match="number must lie between 0 and 99, got"):
            open_live(number)


def test_a_file_that_is_no_video_has_failed(tmp_path):
    path = tmp_path / "text.mp4"
    path.write_text("not a video\n" * 100)
    with open_live(path) as feed:
        assert list(feed) == []
    assert feed.state.state is State.FAILED
    assert "text.mp4 must be a video and cannot be decoded as one" in feed.state.message


@pytest.mark.parametrize("camera", [87, "87", "/dev/video87"])
def test_a_camera_that_is_not_there_is_tried_again_and_then_has_failed(camera):
    feed = open_live(camera, LiveOptions(max_reconnects=1, backoff_s=0.01, open_s=120))
    told = watched(feed)
    assert list(feed) == []
    assert states(told) == [State.RECONNECTING, State.FAILED]
    assert "cannot be opened: check that it is connected" in told[-1].message
    assert told[-1].message.endswith(", after 1 attempt.")
    assert feed.reconnects == 1


def test_a_stream_that_ends_is_opened_anew(video):
    """A server that sends the video to whoever connects, as a camera would that restarts."""
    command = ["ffmpeg", "-v", "error", "-t", "0.5", "-i", video]
    command += ["-c:v", "mpeg1video", "-f", "mpegts", "-"]
    content = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve():
            for _ in range(2):
                connection, _ = server.accept()
                with connection:
                    connection.sendall(content)

        sender = threading.Thread(target=serve, daemon=True)
        sender.start()
        address = f"tcp://user:secret@127.0.0.1:{server.getsockname()[1]}"
        options = LiveOptions(backoff_s=0.01, max_reconnects=2)
        with open_live(address, options, SourceOptions(timeout_ms=1000)) as feed:
            told = watched(feed)
            for _ in feed:
                if feed.reconnects and feed.state.state is State.RUNNING:
                    break
        sender.join(10)
    assert states(told)[:3] == [State.RUNNING, State.RECONNECTING, State.RUNNING]
    assert "stopped giving frames after" in told[1].message
    assert all("secret" not in state.message for state in told)


def test_every_picture_of_an_iterable_is_taken_however_slow_we_are():
    images = [(noise(n), n * 40 * MS) for n in range(30)]
    with open_live(images) as feed:
        told = watched(feed)
        frames = []
        for frame in feed:
            frames.append(frame)
            threading.Event().wait(0.002)
    assert [frame.timestamp_ns for frame in frames] == [time for _, time in images]
    assert all(np.array_equal(a.image, b) for a, (b, _) in zip(frames, images, strict=True))
    assert (feed.dropped, states(told)) == (0, [State.RUNNING, State.ENDED])


def test_an_iterator_that_raises_once_goes_on_where_it_was():
    class Camera:
        number = -1

        def __iter__(self):
            return self

        def __next__(self):
            self.number += 1
            if self.number == 3:
                raise OSError("a bad frame")
            if self.number == 7:
                raise StopIteration
            return noise(self.number), self.number * 40 * MS

    with open_live(Camera(), QUICK) as feed:
        told = watched(feed)
        times = [frame.timestamp_ns // MS for frame in feed]
    assert times == [0, 40, 80, 160, 200, 240]
    assert states(told) == [State.RUNNING, State.RECONNECTING, State.RUNNING, State.ENDED]
    assert told[1].message.startswith("OSError: a bad frame: attempt 1 of 30 ")


def test_a_generator_that_raises_is_over():
    def broken():
        yield noise(0)
        raise OSError("unplugged")

    with open_live(broken(), QUICK) as feed:
        assert len(list(feed)) == 1
    assert (feed.state.state, feed.state.message) == (State.FAILED, "OSError: unplugged.")


def test_an_item_that_is_no_picture_is_told_and_the_others_come():
    with open_live([noise(0), "text", noise(2)], QUICK) as feed:
        told = watched(feed)
        assert len(list(feed)) == 2
    assert "must give Frame objects, uint8 images or" in told[1].message


def test_a_function_is_called_again_after_an_error_an_end_and_a_hang():
    gate, closed, opened = threading.Event(), [], []

    class Camera:
        def __init__(self, number):
            self.number = number

        def __iter__(self):
            for count in range(5):
                yield noise(10 * self.number + count)
            if self.number == 0:
                raise OSError("unplugged")
            if self.number == 2:
                gate.wait(60)

        def close(self):
            closed.append(self.number)

    def my_camera():
        opened.append(Camera(len(opened)))
        return opened[-1]

    with open_live(my_camera, QUICK) as feed:
        told = watched(feed)
        for _ in feed:
            if len(opened) == 4:
                break
    gate.set()
    assert closed[:2] == [0, 1]
    assert feed.reconnects >= 3
    reasons = [state.message for state in told if state.state is State.RECONNECTING]
    assert reasons[0].startswith("OSError: unplugged: ")
    assert reasons[1].startswith("my_camera has ended: ")
    assert reasons[2].startswith("my_camera has given no picture for 0.4 s: ")


def test_pictures_of_a_function_without_times_are_stamped_when_they_come():
    class Clock:
        now = 0

        def now_ns(self):
            self.now += 1000
            return self.now

    def my_camera():
        return iter([noise(0), Frame(noise(1), 5), (noise(2), 7)])

    options = LiveOptions(max_reconnects=0, drop=False)
    times = [frame.timestamp_ns for frame in open_live(my_camera, options, clock=Clock())]
    assert times[0] >= 1000
    assert times[1:] == [5, 7]


def test_a_live_source_of_ones_own_is_iterated_anew_when_it_ends():
    class Mine(Source):
        live, name, begun = True, "mine", 0

        def __iter__(self):
            self.begun += 1
            for number in range(3):
                yield Frame(noise(10 * self.begun + number), number)

    mine = Mine()
    feed = open_live(mine, LiveOptions(drop=False, max_reconnects=2, backoff_s=0.01))
    assert len(list(feed)) == 9
    assert (mine.begun, feed.state.state) == (3, State.FAILED)


def test_a_paced_source_and_one_that_is_not_live_end():
    paced = PacedSource(open_source([(noise(n), n * MS) for n in range(5)]))
    with open_live(paced, LiveOptions(drop=False)) as feed:
        assert len(list(feed)) == 5
    assert feed.state.state is State.ENDED
    with open_live(open_source([noise(n) for n in range(5)])) as feed:
        assert len(list(feed)) == 5
    assert feed.state.state is State.ENDED


@pytest.mark.parametrize("source", [True, None, 1.5, object()])
def test_what_is_no_source_is_refused(source):
    with pytest.raises(OptionError, match="must be a path, a camera's number, frames or a functio"):
        open_live(source)
