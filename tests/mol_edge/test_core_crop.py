"""The fused crop against float64 NumPy, in every format, on every instruction set."""

from __future__ import annotations

import numpy as np
import pytest

from mol_edge import _core
from mol_edge.errors import ArrayError, OptionError
from tests.mol_edge import reference
from tests.mol_edge.core_cases import FORMATS, face_points, noise, noise_image

# (x, y, width, angle) in an image of 320 x 240: inside, half outside at each side, turned, tiny,
# larger than the image, and wholly outside.
FACES = [
    (160, 120, 90, 0.1),
    (4, 120, 120, -0.4),
    (318, 130, 100, 1.3),
    (150, 2, 140, 3.0),
    (150, 236, 80, -1.6),
    (160, 120, 6, 0.7),
    (160, 120, 900, 0.2),
    (-900, 4000, 100, 0.0),
]


@pytest.fixture(params=_core._isas())
def isa(request):
    """Each instruction set of this processor in turn."""
    before = _core._isa()
    _core._set_isa(request.param)
    yield request.param
    _core._set_isa(before)


def transform_of(face):
    return _core.alignment_transform(face_points(*face))


@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("format", FORMATS)
def test_crop_follows_the_reference(isa, format, full_range):
    image = noise_image(format)
    for face in FACES:
        transform = transform_of(face)
        expected = reference.crop(image, transform, format, full_range)
        luma = _core.crop_float(image, transform, 0.0, 1.0, format, full_range)
        levels = _core.crop_uint8(image, transform, format, full_range)
        assert luma.dtype == np.float32
        assert levels.dtype == np.uint8
        assert np.abs(luma - expected).max() <= 0.02, face
        assert np.abs(levels - expected).max() <= 0.52, face


def test_cases_reach_border_and_inside():
    image = noise_image("gray")
    outside = [
        float(np.mean(_core.crop_uint8(image, transform_of(face), "gray") == 128)) for face in FACES
    ]
    assert outside[0] < 0.01
    assert outside[-1] == 1.0
    assert sum(0.1 < share < 0.9 for share in outside) >= 4


def test_limited_range_is_expanded_and_clamped(isa):
    transform = np.eye(2, 3)
    for level, expected in [(0, 0), (16, 0), (126, 128.0822), (235, 255), (255, 255)]:
        image = np.full((216, 144), level, np.uint8)
        crop = _core.crop_float(image, transform, 0.0, 1.0, "nv12")
        np.testing.assert_allclose(crop, expected, atol=1e-3)
        image = np.full((144, 144, 2), level, np.uint8)
        crop = _core.crop_float(image, transform, 0.0, 1.0, "yuyv")
        np.testing.assert_allclose(crop, expected, atol=1e-3)


def test_border_blends_with_128_at_the_edge(isa):
    # Half a pixel beyond the right edge: the mean of the last column and 128.
    transform = np.array([[1.0, 0, 135 - 0.5], [0, 1, 0]])
    image = np.full((144, 1), 28, np.uint8)
    crop = _core.crop_float(image, transform, 0.0, 1.0, "gray")
    assert crop[5, 126] == pytest.approx(78)
    assert crop[5, 127] == pytest.approx(78)
    assert crop[5, 125] == 128


@pytest.mark.parametrize("format", FORMATS)
def test_rows_may_have_any_stride(isa, format):
    image = noise_image(format)
    transform = transform_of(FACES[0])
    expected = _core.crop_float(image, transform, 10.0, 20.0, format)
    wide = noise((len(image), image.shape[1] + 7, *image.shape[2:]), seed=1)
    wide[:, : image.shape[1]] = image
    view = wide[:, : image.shape[1]]
    assert not view.flags.c_contiguous
    np.testing.assert_array_equal(_core.crop_float(view, transform, 10.0, 20.0, format), expected)
    upside_down = np.ascontiguousarray(image[::-1])[::-1]
    assert upside_down.strides[0] < 0
    np.testing.assert_array_equal(
        _core.crop_float(upside_down, transform, 10.0, 20.0, format), expected
    )


def test_normalisation_subtracts_the_mean_then_divides(isa):
    image, transform = noise_image("bgr"), transform_of(FACES[1])
    expected = (reference.crop(image, transform) - 113.5) / 142
    crop = _core.crop_float(image, transform, mean=113.5, scale=142.0)
    assert np.abs(crop - expected).max() <= 0.02 / 142


def test_out_is_filled_and_returned():
    image, transform = noise_image("bgr"), transform_of(FACES[0])
    clip = np.zeros((1, 8, 128, 128), np.float32)
    returned = _core.crop_float(image, transform, 10.0, 20.0, out=clip[0, 3])
    assert np.shares_memory(returned, clip)
    np.testing.assert_array_equal(clip[0, 3], _core.crop_float(image, transform, 10.0, 20.0))
    assert not clip[0, 2].any()
    assert not clip[0, 4].any()
    levels = np.empty((128, 128), np.uint8)
    assert _core.crop_uint8(image, transform, out=levels) is levels


BGR = noise_image("bgr")
EYE = np.eye(2, 3)


@pytest.mark.parametrize(
    ("image", "transform", "options", "message"),
    [
        (
            [[1]],
            EYE,
            {},
            "array of uint8 with shape (height, width, 3), got an object of type list",
        ),
        (BGR.astype(np.int8), EYE, {}, "uint8.*got an array of int8 with shape (240, 320, 3)"),
        (BGR[:, :, 0], EYE, {}, "(height, width, 3), got an array of uint8 with shape (240, 320)"),
        (BGR, EYE, {"format": "gray"}, "(height, width), got"),
        (BGR[:, :, :2], EYE, {"format": "yuyv"}, "contiguous pixels within a row, got strides"),
        (BGR[:, ::2], EYE, {}, "contiguous pixels within a row, got strides (960, 6, 1)"),
        (BGR[:, :, ::-1], EYE, {}, "contiguous pixels within a row"),
        (BGR[:0], EYE, {}, "not empty"),
        (BGR[:100, :, 0].copy(), EYE, {"format": "nv12"}, "(even height * 3 / 2, even width)"),
        (BGR[:, :9, :2].copy(), EYE, {"format": "yuyv"}, "(height, even width, 2)"),
        (BGR, EYE, {"format": "i420"}, "format must be .*, got 'i420'"),
        (BGR, EYE.astype(np.float32), {}, "transform must be .* float64 .*(2, 3), got .*float32"),
        (BGR, np.eye(3), {}, "transform must be .*(2, 3), got .*(3, 3)"),
        (BGR, np.eye(2, 6)[:, ::2], {}, "transform must be C-contiguous"),
        (BGR, np.zeros((2, 3)), {}, "transform must be finite and invertible"),
        (BGR, np.full((2, 3), np.nan), {}, "transform must be finite and invertible"),
        (BGR, EYE * 1e-9, {}, "at most 2^22 pixels"),
        (BGR, EYE, {"out": np.empty((128, 128))}, "out must be .* float32 .*got .*float64"),
        (BGR, EYE, {"out": np.empty((144, 144), np.float32)}, "out must be .*(128, 128), got"),
        (BGR, EYE, {"out": np.empty((128, 256), np.float32)[:, ::2]}, "out must be C-contiguous"),
    ],
)
def test_unfit_arrays_are_refused_with_what_came(image, transform, options, message):
    pattern = message.replace("(", r"\(").replace(")", r"\)").replace("^", r"\^")
    pattern = pattern.replace(" * ", r" \* ")
    with pytest.raises(ArrayError, match=pattern) as caught:
        _core.crop_float(image, transform, 0.0, 1.0, **options)
    text = str(caught.value)
    assert text.endswith(".")
    assert ". " not in text


def test_read_only_out_is_refused():
    out = np.empty((128, 128), np.uint8)
    out.flags.writeable = False
    with pytest.raises(ArrayError, match="out must be writeable"):
        _core.crop_uint8(BGR, EYE, out=out)


@pytest.mark.parametrize(("mean", "scale"), [(0, 0), (0, -1), (np.nan, 1), (0, np.inf)])
def test_unfit_normalisation_is_refused(mean, scale):
    with pytest.raises(OptionError, match="scale positive, got mean"):
        _core.crop_float(BGR, EYE, float(mean), float(scale))


def test_read_only_images_are_borrowed():
    image = BGR.copy()
    image.flags.writeable = False
    np.testing.assert_array_equal(_core.crop_uint8(image, EYE), _core.crop_uint8(BGR, EYE))
