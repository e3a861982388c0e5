import socket
import threading
import time

import numpy as np
import pytest

from mol_edge.errors import InputError
from mol_edge.sources import SourceOptions, open_source
from mol_edge.sources.live import LiveSource, without_login

cv2 = pytest.importorskip("cv2")


def test_a_camera_that_is_not_there_is_refused():
    for camera in (987, "987"):
        with pytest.raises(InputError, match="camera 987 cannot be opened: check that it is conn"):
            open_source(camera)


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
