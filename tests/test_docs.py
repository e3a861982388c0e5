"""What the documents say is so: their Python runs, their commands parse, their links lead on."""

from __future__ import annotations

import pkgutil
import re
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("**/*.md"))]


def blocks(language: str) -> Iterator[tuple[Path, str]]:
    for path in DOCUMENTS:
        text = path.read_text(encoding="utf-8")
        for match in re.finditer(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
            yield path, match[1]


def commands() -> Iterator[tuple[Path, list[str]]]:
    for path, block in blocks("sh"):
        for line in block.replace("\\\n", " ").splitlines():
            for part in line.partition("#")[0].split("&&"):
                if part.strip():
                    yield path, shlex.split(part)


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(code, id=f"{path.name}-{at}")
        for at, (path, code) in enumerate(blocks("python"))
        if path.name == "README.md"
    ],
)
def test_python_of_the_readme_runs(
    code: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("cv2")
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("MOL_EDGE_YUNET", raising=False)
    _shorten_videos(monkeypatch, 30 if ".run(" in code else 70)
    exec(compile(code, "README.md", "exec"), {})
    assert capsys.readouterr().out.count("\n") >= 1


def test_a_camera_of_ones_own_runs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("onnxruntime")
    pytest.importorskip("cv2")
    from mol_edge.live import LiveRun

    def first_result(run: LiveRun) -> None:
        while not run.health.results and not run.health.state.final:
            time.sleep(0.05)

    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("MOL_EDGE_YUNET", raising=False)
    monkeypatch.setattr(LiveRun, "wait", first_result)
    (code,) = (code for path, code in blocks("python") if "def my_camera" in code)
    exec(compile(code, "live.md", "exec"), {})
    # A busy machine passes over the first pictures.
    assert re.match(r"\d+ \d+\.\d+\n", capsys.readouterr().out)


def _shorten_videos(monkeypatch: pytest.MonkeyPatch, length: int) -> None:
    """End every video after `length` frames, which is as far as the examples need."""
    from mol_edge.sources.files import VideoFile

    whole = VideoFile.__iter__

    def first(source: VideoFile) -> Iterator[object]:
        for count, frame in enumerate(whole(source)):
            if count == length:
                return
            yield frame

    monkeypatch.setattr(VideoFile, "__iter__", first)


def test_names_of_the_package_exist() -> None:
    names = set()
    for path in DOCUMENTS:
        names |= set(re.findall(r"`(mol_edge(?:\.\w+)+)", path.read_text(encoding="utf-8")))
    assert len(names) >= 5
    for name in sorted(names):
        assert pkgutil.resolve_name(name) is not None


def test_python_of_other_documents_compiles() -> None:
    count = 0
    for path, code in blocks("python"):
        compile(code, str(path), "exec")
        count += 1
    assert count >= 3


def test_commands_are_ones_that_exist() -> None:
    from mol_edge.cli import build_parser

    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    known = {"git", "cd", "pip", "make", "mol-edge", "python"}
    # What sets a device up.
    known |= {"python3", "source", "sudo", "cat", "ls", "clinfo"}
    seen = set()
    for path, words in commands():
        assert words[0] in known, f"{path.name}: {words}"
        seen.add(words[0])
        if words[0] == "make":
            assert set(words[1:]) <= targets, f"{path.name}: {words}"
        elif words[0] == "mol-edge":
            build_parser().parse_args(words[1:])
    assert {"make", "mol-edge", "python"} <= seen


def test_export_commands_parse() -> None:
    pytest.importorskip("torch")
    arguments = pytest.importorskip("export.arguments")
    count = 0
    for _, words in commands():
        if words[:3] == ["python", "-m", "export"]:
            show = words[3] == "show"
            parser = arguments.show_parser() if show else arguments.export_parser()
            parser.parse_args(words[4:] if show else words[3:])
            count += 1
    assert count >= 2


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_to_files_and_headings(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+://", target):
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        assert file.exists(), f"{path.name} links to {target}"
        if anchor:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            slugs = [
                re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings
            ]
            assert anchor in slugs, f"{path.name} links to {target}"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_files_that_are_named_exist(path: Path) -> None:
    """Paths in backquotes with a folder of the tree in front are files or folders of the tree."""
    folders = "|".join(
        entry.name for entry in ROOT.iterdir() if entry.is_dir() and entry.name[0] != "."
    )
    for name in re.findall(rf"`((?:{folders})/[\w./-]*)`", path.read_text(encoding="utf-8")):
        if name.startswith(("out/", "build/")) or "NAME" in name:
            continue
        assert (ROOT / name).exists(), f"{path.name} names {name}"
