"""Memory for weights on their way into a network."""

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("jvm")


def test_what_numpy_writes_into_a_room_java_reads():
    """Each array has its shape and its own part of the room; after clear() the same memory is given again."""
    from pydl4j_bridge.jvm.arrays import to_numpy
    from pydl4j_bridge.jvm.room import Room

    room = Room(30)
    first, one = room.take((2, 3, 4))
    second, other = room.take((6,))
    one[...], other[...] = np.arange(24), np.arange(6) + 100
    assert np.array_equal(to_numpy(first, copy=True), np.arange(24).reshape(2, 3, 4))
    assert np.array_equal(to_numpy(second, copy=True), np.arange(6) + 100)
    assert np.array_equal(
        to_numpy(first.permute(2, 0, 1), copy=True), np.arange(24).reshape(2, 3, 4).transpose(2, 0, 1)
    )
    with pytest.raises(ValueError, match="room"):
        room.take((1,))
    room.clear()
    again, _ = room.take((24,))
    assert np.array_equal(to_numpy(again, copy=True), np.arange(24))
    room.close()
    assert first.data().wasClosed()


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_a_view_sees_and_writes_what_java_has(axes):
    """In the array's own shape and order, also where it is a part of another one."""
    import jpype

    from pydl4j_bridge.jvm.arrays import to_indarray, to_numpy, view

    numbers = np.arange(60, dtype=np.float32).reshape(3, 4, 5)
    whole = to_indarray(numbers)
    turned = whole.permute(*map(jpype.JInt, axes))
    assert np.array_equal(view(turned), numbers.transpose(axes))
    part = whole.slice(1)
    assert np.array_equal(view(part), numbers[1])
    view(part)[2, 3] = -1
    assert to_numpy(whole)[1, 2, 3] == -1


@pytest.mark.parametrize("shape", [(7,), (3, 5), (300, 257), (3, 3, 130, 70), (1, 1, 300, 400)])
def test_tiles_cover_a_transposed_array(shape):
    """Whatever the shape, every number arrives in its place."""
    from pydl4j_bridge.jvm.room import copy

    source = np.random.default_rng(1).normal(size=shape).astype("f4").transpose()
    for target in (np.zeros(source.shape, "f4"), np.zeros(source.shape, "f4", order="F")):
        copy(source, target)
        assert np.array_equal(source, target)
