import pytest

from mol_edge.errors import OptionError
from training.synthetic import SyntheticOptions
from training.synthetic.long_video import VideoOptions


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("protocol", "random"), ("alignment", "none"), ("split", "test"), ("identities", 0),
        ("fps", (10.0, 20.0)), ("fps", (60.0, 30.0)), ("amplitude_micro", (-1.0, 1.0)),
        ("amplitude_macro", (3.0, 80.0)), ("p_none", 1.5), ("p_macro", 1.2), ("p_blink", -0.1),
        ("window_ms", 0.0), ("jitter", 0.5), ("pose_degrees", 60.0), ("scale", (0.1, 1.0)),
        ("drift", -1.0),
    ],
)  # fmt: skip
def test_option_outside_its_range_is_named(name: str, value: object) -> None:
    with pytest.raises(OptionError, match=f"SyntheticOptions.{name}"):
        SyntheticOptions(**{name: value})


@pytest.mark.parametrize(
    ("name", "value"), [("fps", (1.0, 2.0)), ("seconds", 0.5), ("codec", "h264")]
)
def test_video_option_outside_its_range_is_named(name: str, value: object) -> None:
    with pytest.raises(OptionError, match=f"VideoOptions.{name}"):
        VideoOptions(**{name: value})
