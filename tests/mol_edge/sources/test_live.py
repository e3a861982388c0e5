import socket
import threading
import time

import cv2
import numpy as np
import pytest

from mol_edge.errors import InputError
from mol_edge.sources import SourceOptions, open_source
from mol_edge.sources.live import LiveSource, pixel_format, without_login


def test_a_camera_that_is_not_there_is_refused():
    for camera in (87, "87"):
        with pytest.raises(InputError, match="camera 87 cannot be opened: check that it is conn"):
            open_source(camera)


@pytest.mark.parametrize("number", [-1, 100, 1 << 40])
def test_a_number_that_opencv_takes_for_something_else_is_refused(number):
    with pytest.raises(InputError, match=f"must lie between 0 and 99, got {number}"):
        open_source(number)


def test_a_stream_that_nobody_serves_is_refused_without_its_password():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(
        InputError, match=f"rtsp://127.0.0.1:{port}/live cannot be opened"
    ) as caught:
        open_source(f"rtsp://user:secret@127.0.0.1:{port}/live", SourceOptions(timeout_ms=1000))
    assert "secret" not in str(caught.value)


def test_a_stream_that_keeps_silent_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"rtsp://127.0.0.1:{server.getsockname()[1]}/live"
        with pytest.raises(InputError, match="cannot be opened"):
            open_source(address, SourceOptions(timeout_ms=500))


def test_a_stream_is_read_until_it_stops(video):
    """The video, sent once over a loopback connection, as MPEG-TS would be by a camera."""
    import subprocess

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        command = [
            "ffmpeg",
            "-v",
            "error",
            "-i",
            str(video),
            "-c:v",
            "mpeg1video",
            "-f",
            "mpegts",
            "-",
        ]
        content = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout

        def serve():
            connection, _ = server.accept()
            with connection:
                connection.sendall(content)

        sender = threading.Thread(target=serve)
        sender.start()
        before = time.monotonic_ns()
        with open_source(f"tcp://127.0.0.1:{port}") as source:
            assert isinstance(source, LiveSource)
            assert source.live
            frames = list(source)
        sender.join()
    assert 80 <= len(frames) <= 90
    times = np.array([frame.timestamp_ns for frame in frames])
    assert np.all(np.diff(times) > 0)
    assert before < times[0] < times[-1] < time.monotonic_ns()
    assert source.incomplete == f"tcp://127.0.0.1:{port} stopped giving frames after {len(frames)}"


def test_addresses_are_told_without_login():
    assert without_login("rtsp://a:b@host:554/x@y") == "rtsp://host:554/x@y"
    assert without_login("rtsp://host/x") == "rtsp://host/x"
    assert without_login("rtsp://host") == "rtsp://host"


def test_a_pipeline_needs_an_appsink_and_an_opencv_with_gstreamer():
    with pytest.raises(InputError, match="must end in an appsink, .* append `! appsink drop=true"):
        open_source("videotestsrc ! videoconvert")
    if cv2.videoio_registry.hasBackend(cv2.CAP_GSTREAMER):
        pytest.skip("this OpenCV has GStreamer")
    with pytest.raises(InputError, match="needs an OpenCV that was built with GStreamer, which"):
        open_source("videotestsrc ! videoconvert ! appsink")


class FakeCapture:
    """A camera that gives its driver's own layout until it is told to convert."""

    def __init__(self, images):
        self.images, self.settings = list(images), {}

    def isOpened(self):
        return True

    def set(self, key, value):
        self.settings[key] = value

    def get(self, key):
        values = {
            cv2.CAP_PROP_FOURCC: float(cv2.VideoWriter_fourcc(*"YUYV")),
            cv2.CAP_PROP_FRAME_HEIGHT: 48.0,
            cv2.CAP_PROP_FPS: 60.0,
        }
        return values.get(key, 0.0)

    def read(self):
        return (True, self.images.pop(0)) if self.images else (False, None)


@pytest.mark.parametrize("address", [0, "/dev/video0"])
def test_a_camera_gives_its_own_luma_where_it_can(monkeypatch, address):
    yuyv, bgr = np.zeros((48, 64, 2), np.uint8), np.zeros((48, 64, 3), np.uint8)
    raw = np.zeros((1, 9000), np.uint8)
    capture = FakeCapture([yuyv, raw, bgr])
    asked = []
    monkeypatch.setattr(cv2, "VideoCapture", lambda *a: asked.append(a) or capture)
    source = open_source(address, SourceOptions(fps=60))
    assert asked == [(address,) if address == 0 else (address, cv2.CAP_V4L2)]
    assert capture.settings[cv2.CAP_PROP_CONVERT_RGB] == 0
    assert capture.settings[cv2.CAP_PROP_FPS] == 60
    assert source.period_ns == 16_666_667
    assert [(frame.format, frame.index) for frame in source] == [("yuyv", 0), ("bgr", 1)]
    assert capture.settings[cv2.CAP_PROP_CONVERT_RGB] == 1
    assert capture.settings[cv2.CAP_PROP_ORIENTATION_AUTO] == 1


def test_layouts_are_told_by_their_shapes():
    shapes = {
        (48, 64, 3): "bgr",
        (48, 64, 2): "yuyv",
        (48, 64): "gray",
        (72, 64): "nv12",
        (1, 999): None,
    }
    for shape, format in shapes.items():
        assert pixel_format(np.zeros(shape, np.uint8), 48) == format
