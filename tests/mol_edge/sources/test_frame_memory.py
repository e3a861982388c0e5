import os

import numpy as np

from mol_edge.sources.frame_memory import FrameMemory


def picture(seed, shape):
    return np.random.default_rng(seed).integers(0, 255, shape, np.uint8)


def test_another_holder_of_the_memory_reads_what_was_written():
    writer = FrameMemory()
    reader = FrameMemory(os.dup(writer.fd))
    for number in range(1, 20):
        image = picture(number, (30 + number, 41, 3))
        at = writer.write(number, image)
        np.testing.assert_array_equal(reader.read(number, at, image.shape), image)
    reader.close()
    writer.close()


def test_pictures_of_any_stride_are_written():
    memory = FrameMemory()
    image = picture(0, (40, 60, 3))[::2, ::-3]
    at = memory.write(1, image)
    np.testing.assert_array_equal(memory.read(1, at, image.shape), image)
    memory.close()


def test_the_last_pictures_are_kept_and_older_ones_known_to_be_gone():
    memory = FrameMemory()
    images = [picture(number, (20, 30)) for number in range(1, 10)]
    places = [memory.write(number, image) for number, image in enumerate(images, start=1)]
    found = [memory.read(n, at, (20, 30)) for n, at in enumerate(places, start=1)]
    assert [image is not None for image in found] == [False] * 5 + [True] * 4
    for image, expected in zip(found[5:], images[5:], strict=True):
        np.testing.assert_array_equal(image, expected)
    memory.close()


def test_what_is_read_is_owned():
    memory = FrameMemory()
    image = picture(0, (20, 30))
    copy = memory.read(1, memory.write(1, image), image.shape)
    for number in range(2, 7):
        memory.write(number, picture(number, (20, 30)))
    np.testing.assert_array_equal(copy, image)
    memory.close()


def test_a_larger_picture_makes_it_grow_and_old_places_are_gone():
    memory = FrameMemory()
    small, large = picture(0, (20, 30)), picture(1, (200, 300, 3))
    places = [memory.write(number, small) for number in (1, 2, 3)]
    at = memory.write(4, large)
    np.testing.assert_array_equal(memory.read(4, at, large.shape), large)
    assert memory.read(3, places[2], small.shape) is None
    memory.close()


def test_it_leaves_nothing_open():
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        memory = FrameMemory()
        memory.write(1, picture(0, (20, 30)))
        memory.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_closing_twice_closes_nobody_elses_file():
    memory = FrameMemory()
    number = memory.fd
    memory.close()
    other = os.open(os.devnull, os.O_RDONLY)
    try:
        assert other == number
        memory.close()
        os.fstat(other)
    finally:
        os.close(other)
