"""Arrays in the memory of a GPU, which is a FAKE here (see fake_nvidia/README.md)."""

from __future__ import annotations

import numpy as np
import pytest

from mol_edge.errors import ArrayError


def test_arrays_of_the_gpu_refuse_what_does_not_fit(tensorrt):
    array = tensorrt.memory.empty((4, 2, 3), np.float32)
    array.fill(0)
    array[1] = np.arange(6, dtype=np.float32).reshape(2, 3)
    np.testing.assert_array_equal(np.asarray(array[1:3])[0], [[0, 1, 2], [3, 4, 5]])
    assert np.asarray(array[1:3])[1].sum() == 0
    assert array[None].shape == (1, 4, 2, 3)
    assert len(array[:2]) == 2
    with pytest.raises(ArrayError, match="takes float32"):
        array[0] = np.zeros((2, 3), np.float16)
    with pytest.raises(ArrayError, match="takes float32"):
        array[0] = np.zeros((3, 2), np.float32)
    with pytest.raises(ArrayError, match="must follow each other"):
        array[::2]
    with pytest.raises(IndexError):
        array[4]
