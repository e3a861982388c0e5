import numpy as np
import pytest

from tests.training.data.clips import picture
from training.data.flow import tvl1_flow

pytest.importorskip("skimage", reason="TV-L1 is scikit-image's")
pytest.importorskip("cv2", reason="the pictures are drawn with opencv-python")


@pytest.mark.parametrize("shift", [(1.5, 0.0), (0.0, -0.6)])
def test_flow_is_x_then_y_from_the_first_to_the_second(shift):
    first, second = picture()[30:126, 30:126], picture(shift)[30:126, 30:126]
    flow = tvl1_flow(first, second)
    assert flow.shape == (2, 96, 96)
    assert flow.dtype == np.float32
    inner = np.median(flow[:, 10:-10, 10:-10], axis=(1, 2))
    np.testing.assert_allclose(inner, shift, atol=0.05)
