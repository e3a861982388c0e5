"""Clips prepared side by side in processes."""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from mol_edge.errors import MolEdgeError
from training.data.clip_job import ClipSettings, Outcome, prepare_clip
from training.data.frames import Clip
from training.data.landmarks import LandmarkSource, open_landmarks


def prepare_clips(
    clips: list[Clip], settings: ClipSettings, landmarks: str, root: Path, jobs: int
) -> Iterator[tuple[Clip, Outcome]]:
    """What became of each clip, in order.

    Raises:
        MolEdgeError: a process was killed from outside.
    """
    if jobs == 1:
        source = open_landmarks(landmarks, root)
        for clip in clips:
            yield clip, prepare_clip(clip, settings, source)
        return
    pool = ProcessPoolExecutor(
        min(jobs, max(1, len(clips))),
        # A forked child would inherit OpenCV's threads in the middle of their work.
        multiprocessing.get_context("spawn"),
        _open_worker,
        (landmarks, root),
    )
    with pool:
        pending = [pool.submit(_work, clip, settings) for clip in clips]
        try:
            for clip, job in zip(clips, pending):
                yield clip, job.result()
        except BrokenProcessPool:
            raise MolEdgeError(
                f"One of {jobs} processes was killed, most likely for want of memory: run the "
                "same command with fewer --jobs, it goes on where it was."
            ) from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


_source: LandmarkSource | None = None


def _open_worker(landmarks: str, root: Path) -> None:
    import cv2

    global _source
    threading.Thread(target=_end_with_parent, daemon=True).start()
    cv2.setNumThreads(1)
    _source = open_landmarks(landmarks, root)


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _work(clip: Clip, settings: ClipSettings) -> Outcome:
    assert _source is not None, "the worker was opened first"
    return prepare_clip(clip, settings, _source)
