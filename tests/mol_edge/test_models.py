"""Downloads against a real HTTP server on loopback."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from mol_edge import models
from mol_edge.errors import DownloadError, OptionError
from mol_edge.models import YUNET, ModelFile, get_yunet, list_models

CONTENT = bytes(range(256)) * 400
WRONG = bytes(reversed(CONTENT))


class _Server(BaseHTTPRequestHandler):
    hits: list[str] = []

    def do_GET(self) -> None:
        self.hits.append(self.path)
        answers = {"/good": CONTENT, "/wrong": WRONG, "/short": CONTENT[:-7], "/huge": CONTENT * 9}
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "/good")
            self.end_headers()
        elif self.path == "/cut":
            self.answer(CONTENT[:5000], announced=len(CONTENT))
        elif self.path == "/stalled":
            self.answer(CONTENT[:5000], announced=len(CONTENT))
            self.server.release.wait(10)
        elif self.path in answers:
            self.answer(answers[self.path], announced=len(answers[self.path]))
        else:
            self.send_error(404)

    def answer(self, body: bytes, announced: int) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(announced))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def log_message(self, format: str, *values: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    _Server.hits.clear()
    running = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    running.release = threading.Event()
    thread = threading.Thread(target=running.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.release.set()
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture(autouse=True)
def model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ModelFile:
    """A model of known bytes in YuNet's place, and a cache of its own."""
    monkeypatch.setenv("MOL_EDGE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("MOL_EDGE_YUNET_URL", raising=False)
    monkeypatch.delenv("MOL_EDGE_YUNET", raising=False)
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    known = ModelFile(
        name="yunet",
        filename="known.onnx",
        url="http://127.0.0.1:9/known.onnx",
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        size=len(CONTENT),
        license="MIT",
        purpose="test",
    )
    monkeypatch.setattr(models, "YUNET", known)
    return known


def files_in_cache(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "cache").rglob("*") if path.is_file())


def state() -> str:
    (status,) = list_models()
    return status.state


def test_the_good_file_is_stored(server: str, model: ModelFile, tmp_path: Path) -> None:
    assert state() == "absent"
    path = get_yunet(f"{server}/good")
    assert path == model.path == tmp_path / "cache" / "models" / "known.onnx"
    assert path.read_bytes() == CONTENT
    assert files_in_cache(tmp_path) == ["known.onnx"]
    assert state() == "ready"


def test_a_file_that_a_variable_names_is_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    named = tmp_path / "mine.onnx"
    monkeypatch.setenv("MOL_EDGE_YUNET", str(named))
    assert state() == "absent"
    named.write_bytes(b"of another version")
    assert state() == "named"
    assert list_models()[0].path == named


def test_a_file_that_is_there_is_not_fetched_again(server: str) -> None:
    get_yunet(f"{server}/good")
    get_yunet(f"{server}/good")
    assert _Server.hits == ["/good"]


def test_a_damaged_file_is_replaced(server: str, model: ModelFile) -> None:
    model.path.parent.mkdir(parents=True)
    model.path.write_bytes(WRONG)
    assert state() == "damaged"
    assert get_yunet(f"{server}/good").read_bytes() == CONTENT


def test_a_mirror_from_the_environment(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MOL_EDGE_YUNET_URL", f"{server}/moved")
    assert get_yunet().read_bytes() == CONTENT
    assert _Server.hits == ["/moved", "/good"]


@pytest.mark.parametrize(
    ("page", "says"),
    [
        ("wrong", "gave 102400 bytes that are not known.onnx"),
        ("short", "gave 102393 bytes that are not known.onnx"),
        ("cut", "gave 5000 bytes that are not known.onnx|cannot be read"),
        ("huge", "gave more than 102400 bytes"),
        ("nowhere", "HTTP 404"),
    ],
)
def test_a_bad_answer_leaves_nothing(
    server: str, model: ModelFile, tmp_path: Path, page: str, says: str
) -> None:
    with pytest.raises(DownloadError, match=says) as caught:
        get_yunet(f"{server}/{page}")
    assert _Server.hits == [f"/{page}"]
    for remedy in (str(model.path), model.sha256, "MOL_EDGE_YUNET ", "MOL_EDGE_YUNET_URL"):
        assert remedy in str(caught.value)
    assert files_in_cache(tmp_path) == []


def test_a_bad_answer_keeps_what_was_there(server: str, model: ModelFile) -> None:
    model.path.parent.mkdir(parents=True)
    model.path.write_bytes(WRONG)
    with pytest.raises(DownloadError):
        get_yunet(f"{server}/short")
    assert model.path.read_bytes() == WRONG


def test_a_server_that_stalls(server: str, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="cannot be read .*timed out"):
        get_yunet(f"{server}/stalled", timeout=0.3)
    assert files_in_cache(tmp_path) == []


def test_nobody_answers(model: ModelFile, tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/good"
        with pytest.raises(DownloadError, match="refused") as caught:
            get_yunet(address)
    assert str(model.path) in str(caught.value)
    assert files_in_cache(tmp_path) == []


def test_a_cache_that_cannot_be_written(
    server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "a-file"
    blocked.write_text("in the way")
    monkeypatch.setenv("MOL_EDGE_CACHE", str(blocked))
    with pytest.raises(DownloadError, match="cannot be written"):
        get_yunet(f"{server}/good")


@pytest.mark.parametrize("address", ["ftp://example.org/x", "yunet.onnx", "javascript:1"])
def test_other_schemes_are_refused(address: str) -> None:
    with pytest.raises(OptionError, match="must begin with http://"):
        get_yunet(address)


@pytest.mark.parametrize("address", ["http://[half", "http://a b/c", "http:///x"])
def test_a_malformed_address_is_one_of_our_errors(address: str) -> None:
    with pytest.raises(DownloadError, match="cannot be read"):
        get_yunet(address, timeout=1)


def test_timeout_must_be_positive() -> None:
    with pytest.raises(OptionError, match="timeout must be above 0"):
        get_yunet(timeout=0)


def test_the_real_entry() -> None:
    assert YUNET.url.startswith("https://media.githubusercontent.com/media/opencv/opencv_zoo/")
    assert YUNET.url.endswith(f"/models/face_detection_yunet/{YUNET.filename}")
    assert YUNET.sha256 == "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4"
    shared = Path(__file__).resolve().parents[3] / "shared" / "data" / YUNET.filename
    if not shared.is_file():
        pytest.skip("the YuNet file of shared/data is not here")
    assert YUNET.matches(shared.read_bytes())
