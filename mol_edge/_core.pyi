"""The C++ core: alignment, crops, coordinates and pictures of flow.

Every function borrows its inputs, computes without the GIL and returns arrays it owns.
A wrong dtype, shape or stride raises `mol_edge.errors.ArrayError`, never a conversion.
A transform is float64 [2, 3] and maps image pixels to pixels of the 144 × 144 aligned face;
the crop is its middle 128 × 128 (offset 8, 8). Pixel centres lie on whole numbers.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

ALIGNED_SIZE: int
CROP_SIZE: int
BLINKS_DIFFER: float
CROP_OFFSET: int

def alignment_transform(points: NDArray[np.float64]) -> NDArray[np.float64]: ...
def invert_transform(transform: NDArray[np.float64]) -> NDArray[np.float64]: ...
def crop_float(
    image: NDArray[np.uint8],
    transform: NDArray[np.float64],
    mean: float,
    scale: float,
    format: str = "bgr",
    full_range: bool = False,
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]: ...
def crop_uint8(
    image: NDArray[np.uint8],
    transform: NDArray[np.float64],
    format: str = "bgr",
    full_range: bool = False,
    out: NDArray[np.uint8] | None = None,
) -> NDArray[np.uint8]: ...
def copy_luma(
    image: NDArray[np.uint8],
    left: int,
    top: int,
    out: NDArray[np.uint8],
    format: str = "bgr",
    full_range: bool = False,
) -> None: ...
def points_to_image(
    points: NDArray[np.float32], transform: NDArray[np.float64]
) -> NDArray[np.float32]: ...
def vectors_to_image(
    flow: NDArray[np.float32], transform: NDArray[np.float64]
) -> NDArray[np.float32]: ...
def flow_to_color(flow: NDArray[np.float32], max_magnitude: float = 0.0) -> NDArray[np.uint8]: ...
def are_finite(crops: NDArray[np.float32]) -> bool: ...
def sharpness(crop: NDArray[np.float32]) -> float: ...
def softmax(logits: NDArray[np.float32]) -> NDArray[np.float32]: ...
def patch_motion(
    earlier: NDArray[np.float32],
    later: NDArray[np.float32],
    points: NDArray[np.float32],
    start: NDArray[np.float32],
) -> NDArray[np.float32]: ...
def head_motion(
    points: NDArray[np.float32],
    patches: NDArray[np.float32],
    weights: NDArray[np.float32],
) -> NDArray[np.float64]: ...
def remove_head(
    points: NDArray[np.float32],
    patches: NDArray[np.float32],
    head: NDArray[np.float64],
) -> NDArray[np.float32]: ...
def fit_similarity(
    source: NDArray[np.float64], target: NDArray[np.float64]
) -> NDArray[np.float64]: ...
def fit_robustly(
    source: NDArray[np.float64], target: NDArray[np.float64], tolerance: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]: ...
def place_shape(
    shape: NDArray[np.float64],
    marks: NDArray[np.float64],
    points: NDArray[np.float64],
    transform: NDArray[np.float64],
) -> NDArray[np.float32]: ...
def transform_points(
    transform: NDArray[np.float64], points: NDArray[np.float64]
) -> NDArray[np.float64]: ...
def face_size_and_turn(points: NDArray[np.float64]) -> tuple[float, float]: ...
def farthest_way(
    transform: NDArray[np.float64], source: NDArray[np.float64], target: NDArray[np.float64]
) -> float: ...
def carried_box(
    left: float,
    top: float,
    width: float,
    height: float,
    source: NDArray[np.float64],
    target: NDArray[np.float64],
) -> tuple[float, float, float, float]: ...
def carried_points(
    motion: NDArray[np.float64], to_image: NDArray[np.float64], points: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float, float]: ...

class HeadPatches:
    def __init__(self, crop: NDArray[np.float32], points: NDArray[np.float32]) -> None: ...
    def find(
        self, crop: NDArray[np.float32], guess: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], int]: ...
    def look(
        self,
        image: NDArray[np.uint8],
        transform: NDArray[np.float64],
        guess: NDArray[np.float64],
        format: str,
        full_range: bool,
        view: NDArray[np.float32],
    ) -> tuple[NDArray[np.float64], int]: ...

class MotionStream:
    def __init__(
        self,
        weights: NDArray[np.float32],
        trusted_px: float,
        span_ns: int,
        anchor_ns: int,
        regions: list[list[int]],
    ) -> None: ...
    def restart(self) -> None: ...
    def push(
        self, timestamp_ns: int, crop: NDArray[np.float32], landmarks: NDArray[np.float32]
    ) -> (
        tuple[
            NDArray[np.float32],
            NDArray[np.float32],
            NDArray[np.float32],
            NDArray[np.float64],
            NDArray[np.float32],
            NDArray[np.float32],
            int,
            list[float],
        ]
        | None
    ): ...
    def realign(self, crop: NDArray[np.float32], change: NDArray[np.float64]) -> None: ...

class CellPaths:
    def __init__(
        self,
        members: list[list[int]],
        evidence: int,
        brows: int,
        upper_lids: list[int],
        lower_lids: list[int],
    ) -> None: ...
    def start(self, timestamp_ns: int) -> None: ...
    def add(
        self,
        timestamp_ns: int,
        since_ns: int | None,
        vectors: NDArray[np.float32],
        axes: NDArray[np.float32],
        deviation: NDArray[np.float32],
    ) -> bool: ...
    def path(self) -> NDArray[np.float64]: ...
    def seen(self) -> NDArray[np.bool_]: ...

class PathHistory:
    def __init__(
        self,
        members: list[list[int]],
        evidence: int,
        brows: int,
        upper_lids: list[int],
        lower_lids: list[int],
        keep_ns: int,
        least_px: float,
        factor: float,
    ) -> None: ...
    def restart(self) -> None: ...
    def add(
        self,
        timestamp_ns: int,
        index: int,
        since_ns: int | None,
        vectors: NDArray[np.float32],
        confidence: NDArray[np.float32],
        axes: NDArray[np.float32],
        deviation: NDArray[np.float32],
    ) -> int: ...
    def learn_noise(self) -> None: ...
    def moves(self, least_px: float, factor: float) -> bool: ...
    def hump(
        self,
    ) -> tuple[int, int, int, float, int, NDArray[np.float64], NDArray[np.float64]] | None: ...
    def span_ns(self) -> int: ...
    def speed(self) -> NDArray[np.float64]: ...
    def trusted(self) -> NDArray[np.bool_]: ...
    def noise(self) -> NDArray[np.float64]: ...
    def wary_noise(self) -> NDArray[np.float64]: ...
    def blink_leak(self) -> NDArray[np.float64] | None: ...
    def since(
        self, time_ns: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_]]: ...

def measure_hump(
    times_ns: NDArray[np.int64],
    indices: NDArray[np.int64],
    paths: NDArray[np.float64],
    blinks: NDArray[np.bool_],
    began_ns: int,
    noise: NDArray[np.float64],
    evidence: int,
) -> tuple[
    bool, bool, int, int, int, int, int, int, float, bool, float, float, float, NDArray[np.float64]
]: ...

class Team:
    def __init__(self, threads: int, awake_us: int) -> None: ...
    @property
    def threads(self) -> int: ...

class FeaturesGraph:
    def __init__(self, weights: dict[str, NDArray[np.float32]], neighbours: int) -> None: ...
    @property
    def layers_in_bytes(self) -> int: ...
    def run(
        self,
        team: Team,
        frames: NDArray[np.float32],
        first: NDArray[np.float32],
        second: NDArray[np.float32],
        parts: NDArray[np.float32],
        landmarks: NDArray[np.float32],
    ) -> None: ...

class EncoderGraph:
    def __init__(self, weights: dict[str, NDArray[np.float32]]) -> None: ...
    @property
    def layers_in_bytes(self) -> int: ...
    def run(
        self,
        team: Team,
        frames: NDArray[np.float32],
        enc2: NDArray[np.float32],
        enc3: NDArray[np.float32],
    ) -> None: ...

class FlowGraph:
    def __init__(self, weights: dict[str, NDArray[np.float32]]) -> None: ...
    @property
    def layers_in_bytes(self) -> int: ...
    def run(
        self,
        team: Team,
        frames: NDArray[np.float32],
        enc2: NDArray[np.float32],
        enc3: NDArray[np.float32],
        enc3_next: NDArray[np.float32],
        first: NDArray[np.float32],
        second_next: NDArray[np.float32],
        flow: NDArray[np.float32],
    ) -> None: ...

class HeadGraph:
    def __init__(self, weights: dict[str, NDArray[np.float32]]) -> None: ...
    def run(self, team: Team, parts: NDArray[np.float32], logits: NDArray[np.float32]) -> None: ...
    def run_rows(
        self,
        team: Team,
        store: NDArray[np.float32],
        windows: Sequence[Sequence[int]],
        logits: NDArray[np.float32],
    ) -> None: ...

def _adds_bytes_exactly() -> bool: ...
def _byte_kernels() -> list[str]: ...
def _isa() -> str: ...
def _isas() -> list[str]: ...
def _set_isa(name: str) -> None: ...
def _take_peak_in_flight() -> int: ...
