"""The C++ core: alignment, crops, coordinates and pictures of flow.

Every function borrows its inputs, computes without the GIL and returns arrays it owns.
A wrong dtype, shape or stride raises `mol_edge.errors.ArrayError`, never a conversion.
A transform is float64 [2, 3] and maps image pixels to pixels of the 144 × 144 aligned face;
the crop is its middle 128 × 128 (offset 8, 8). Pixel centres lie on whole numbers.
"""

import numpy as np
from numpy.typing import NDArray

ALIGNED_SIZE: int
CROP_SIZE: int
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
def points_to_image(
    points: NDArray[np.float32], transform: NDArray[np.float64]
) -> NDArray[np.float32]: ...
def vectors_to_image(
    flow: NDArray[np.float32], transform: NDArray[np.float64]
) -> NDArray[np.float32]: ...
def flow_to_color(flow: NDArray[np.float32], max_magnitude: float = 0.0) -> NDArray[np.uint8]: ...
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
def _isa() -> str: ...
def _isas() -> list[str]: ...
def _set_isa(name: str) -> None: ...
def _take_peak_in_flight() -> int: ...
