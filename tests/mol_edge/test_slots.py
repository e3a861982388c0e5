import numpy as np

from mol_edge.slots import Slots, aligned_empty, empty_by_pixels, is_by_pixels


def test_arrays_start_on_a_cache_line():
    for size in range(1, 40):
        array = aligned_empty((size, 3), np.float16)
        assert array.ctypes.data % 64 == 0
        assert array.shape == (size, 3)
        assert array.dtype == np.float16
        array[:] = size
        assert array.flags.c_contiguous


def test_maps_lie_pixel_by_pixel():
    maps = empty_by_pixels((3, 5, 4, 6), np.float32)
    assert maps.shape == (3, 5, 4, 6)
    assert maps.ctypes.data % 64 == 0
    maps[:] = np.arange(360).reshape(3, 5, 4, 6)
    # The channels of a pixel are neighbours, then come those of the next one.
    np.testing.assert_array_equal(
        maps.transpose(0, 2, 3, 1).reshape(-1)[:7], [0, 24, 48, 72, 96, 1, 25]
    )
    assert is_by_pixels(maps) and is_by_pixels(maps[1:2])
    assert not is_by_pixels(maps[:, :4]) and not is_by_pixels(maps[..., ::2])
    assert not is_by_pixels(np.zeros((3, 5, 4, 6), np.float32))
    other = empty_by_pixels((3, 5, 4), np.float32)
    assert other.flags.c_contiguous and not is_by_pixels(other)


def test_slots_of_maps_that_lie_otherwise_grow_and_keep_them():
    slots = Slots({"map": ((2, 3, 4), np.float32)}, 1, empty_by_pixels)
    values = np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4)
    slots.row("map", slots.take())[:] = values
    assert slots.take() == 1
    np.testing.assert_array_equal(slots.row("map", 0), values)
    assert is_by_pixels(slots.whole("map"))


def test_a_slot_keeps_what_was_written_until_it_is_given_back():
    slots = Slots({"a": ((2,), np.float32), "b": ((3, 4), np.float16)}, count=3)
    assert slots.nbytes == 3 * (8 + 24)
    assert slots.taken == 0
    lent = [slots.take() for _ in range(3)]
    assert sorted(lent) == [0, 1, 2]
    slots.scatter("a", lent, np.arange(6, dtype=np.float32).reshape(3, 2))
    out = np.empty((2, 2), np.float64)
    assert slots.gather("a", [lent[2], lent[0]], out).tolist() == [[4, 5], [0, 1]]
    assert slots.whole("a")[lent[2]].tolist() == [4, 5]
    slots.give_back(lent[1])
    assert slots.take() == lent[1]
    assert slots.taken == 3


def test_slots_grow_by_half_and_keep_what_is_there():
    slots = Slots({"a": ((1,), np.float32)}, count=2)
    for wanted in (2, 2, 3, 4, 6, 6):
        at = slots.take()
        slots.row("a", at)[:] = at
        assert slots.nbytes == 4 * wanted
    assert [float(slots.row("a", at)[0, 0]) for at in range(6)] == [0, 1, 2, 3, 4, 5]


def test_a_row_is_a_view_and_types_are_cast():
    slots = Slots({"a": ((2,), np.float16)}, count=1)
    slots.row("a", 0)[:] = 1.0009765625
    assert slots.type_of("a") == np.float16
    out = slots.gather("a", [0], np.empty((1, 2), np.float32))
    assert out.tolist() == [[1.0009765625] * 2]
