"""numpy's arrays and ND4J's: the same numbers, in the same memory where that is possible."""

import gc
import re
import weakref

import numpy as np
import pytest

import pydl4j_bridge as bridge

pytestmark = pytest.mark.usefixtures("jvm")

TYPES = {
    "float16": "HALF",
    "float32": "FLOAT",
    "float64": "DOUBLE",
    "int8": "BYTE",
    "int16": "SHORT",
    "int32": "INT",
    "int64": "LONG",
    "uint8": "UBYTE",
    "uint16": "UINT16",
    "uint32": "UINT32",
    "uint64": "UINT64",
    "bool": "BOOL",
    "bfloat16": "BFLOAT16",
}
#: Ways to look at an array of shape (4, 5, 6) that ND4J can share.
SHARED = {
    "whole": lambda a: a,
    "Fortran's order": np.asfortranarray,
    "transposed": lambda a: a.transpose(2, 0, 1),
    "a slice": lambda a: a[1:3, 2:, 3],
    "every second": lambda a: a[::2, 1::3, ::4],
    "a column": lambda a: a[0, :, 2],
    "a number": lambda a: a[1, 2, 3, ...],
    "new axes": lambda a: a[:, None, 2:3, None, :, None],
    "one row": lambda a: a[:1, :, :1],
}
#: And those that it cannot.
COPIED = {
    "backwards": lambda a: a[::-1],
    "broadcast": lambda a: np.broadcast_to(a[:, :1], a.shape),
    "read-only": lambda a: _frozen(a),
    "other byte order": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "not aligned": lambda a: np.frombuffer(bytearray(b"x" + a.tobytes()), a.dtype, a.size, 1).reshape(a.shape),
    "a field of records": lambda a: _field(a),
}


def _frozen(array):
    array = array.copy()
    array.flags.writeable = False
    return array


def _field(array):
    records = np.zeros(array.shape, [("one", array.dtype), ("other", np.uint8)])
    records["one"] = array
    return records["one"]


def _numbers(kind="float32"):
    if kind == "bfloat16":
        kind = pytest.importorskip("ml_dtypes").bfloat16
    return (np.arange(120).reshape(4, 5, 6) % 100).astype(kind)


def _collect_both():
    """Both garbage collectors, until neither finds more: what one lets go may have held something of the other's."""
    import time

    import jpype

    for _ in range(3):
        gc.collect()
        jpype.JClass("java.lang.System").gc()
        time.sleep(0.02)


@pytest.mark.parametrize("kind", TYPES)
def test_numbers_of_every_type_go_to_java_and_back(kind):
    """In ND4J's type of the same numbers, with the same shape, shared both ways."""
    array = _numbers(kind)
    made = bridge.to_indarray(array, copy=False)
    assert str(made.dataType().name()) == TYPES[kind]
    assert tuple(made.shape()) == array.shape
    back = bridge.to_numpy(made, copy=False)
    assert back.dtype == array.dtype
    assert np.array_equal(back, array)
    assert np.shares_memory(back, array)


@pytest.mark.parametrize("way", SHARED)
@pytest.mark.parametrize("kind", ["float32", "int32"])
def test_memory_with_positive_strides_is_shared(way, kind):
    """What either side writes the other one sees, and what Java computes of it is what numpy does."""
    array = SHARED[way](_numbers(kind))
    made = bridge.to_indarray(array)
    assert tuple(made.shape()) == array.shape
    assert np.array_equal(bridge.to_numpy(made), array)
    assert np.array_equal(bridge.to_numpy(made.dup("c")), array)
    array[...] = 7
    assert float(made.sumNumber()) == 7 * array.size
    made.addi(1.0)
    assert (array == 8).all()


@pytest.mark.parametrize("way", SHARED)
def test_java_computes_with_shared_strides_what_numpy_does(way):
    """Operations of ND4J's own on memory in orders that are numpy's."""
    import jpype

    array = SHARED[way](np.random.default_rng(0).standard_normal((4, 5, 6)).astype("f4"))
    made = bridge.to_indarray(array, copy=False)
    straight = bridge.to_indarray(np.ascontiguousarray(array))
    for one, other in ((made, made), (made, straight), (straight, made)):
        assert np.allclose(bridge.to_numpy(one.add(other)), array + array)
        assert np.allclose(bridge.to_numpy(one.mul(other)), array * array)
    assert np.allclose(bridge.to_numpy(made.neg()), -array)
    assert np.allclose(bridge.to_numpy(made.reshape(jpype.JLong[:]([array.size]))), array.ravel())
    for axis in range(array.ndim):
        assert np.allclose(bridge.to_numpy(made.sum(jpype.JInt[:]([axis]))), array.sum(axis), atol=1e-6)
    if array.ndim == 2:
        assert np.allclose(bridge.to_numpy(made.transpose().mmul(made)), array.T @ array, atol=1e-6)


@pytest.mark.parametrize("way", COPIED)
def test_what_cannot_be_shared_is_copied_or_refused(way):
    """With the reason, where the caller asked for shared memory."""
    array = COPIED[way](_numbers())
    made = bridge.to_indarray(array)
    assert np.array_equal(bridge.to_numpy(made), array)
    assert not np.shares_memory(bridge.to_numpy(made), array)
    with pytest.raises(bridge.BridgeError, match="cannot share"):
        bridge.to_indarray(array, copy=False)


@pytest.mark.parametrize("shape", [(0,), (3, 0), (0, 2, 4)])
def test_arrays_of_no_numbers_keep_their_shape(shape):
    """Both ways, with ND4J's own empty array being one of no numbers."""
    made = bridge.to_indarray(np.empty(shape, "int32"))
    assert made.isEmpty()
    assert tuple(made.shape()) == shape
    back = bridge.to_numpy(made)
    assert (back.shape, back.dtype) == (shape, np.dtype("int32"))


def test_nd4js_empty_array_has_no_numbers():
    """It has no shape; numpy's without one has a number."""
    import jpype

    nd4j, types = (jpype.JClass(f"org.nd4j.linalg.{name}") for name in ("factory.Nd4j", "api.buffer.DataType"))
    assert bridge.to_numpy(nd4j.empty(types.FLOAT)).shape == (0,)


@pytest.mark.parametrize("given", [2.5, 7, True, [1.5, 2.5], [[1, 2], [3, 4]]])
def test_what_numpy_makes_an_array_of_is_taken(given):
    """With numpy's type for it."""
    back = bridge.to_numpy(bridge.to_indarray(given))
    assert back.dtype == np.asarray(given).dtype
    assert np.array_equal(back, np.asarray(given))


@pytest.mark.parametrize("given", [np.array(["a"]), np.ones(2, complex), np.array([None]), np.array(["2020"], "M8")])
def test_types_that_nd4j_lacks_are_refused_by_name(given):
    """The message has those that there are."""
    with pytest.raises(
        bridge.BridgeError, match=re.escape(f"numpy's {given.dtype.name}: it has bfloat16, bool, float16")
    ):
        bridge.to_indarray(given)


def test_strings_of_nd4j_are_refused():
    """numpy gets no array of them."""
    import jpype

    strings = jpype.JClass("org.nd4j.linalg.factory.Nd4j").create(jpype.JString[:](["a", "b"]))
    with pytest.raises(bridge.BridgeError, match="UTF8"):
        bridge.to_numpy(strings)


@pytest.mark.parametrize("order", ["C", "F"])
def test_a_copy_shares_nothing_and_keeps_the_order(order):
    """``copy=True``, both ways."""
    array = np.array(_numbers(), order=order)
    made = bridge.to_indarray(array, copy=True)
    back = bridge.to_numpy(made, copy=True)
    assert str(made.ordering()) == order.lower()
    assert back.flags.c_contiguous == (order == "C")
    array[...] = -1
    back[...] = -2
    assert np.array_equal(bridge.to_numpy(made), _numbers())


def test_numpys_memory_lives_as_long_as_java_needs_it():
    """Also where only a view of the INDArray is left; then it goes."""
    array = np.full((200, 300), 3, "float32")
    gone = weakref.ref(array)
    made = bridge.to_indarray(array[10:])
    row = made.getRow(5)
    del array, made
    _collect_both()
    trash = [np.zeros((200, 300), "float32") for _ in range(50)]  # what was free would be used again
    assert gone() is not None
    assert float(row.sumNumber()) == 900
    del row, trash
    _collect_both()
    assert gone() is None


def test_nd4js_memory_lives_as_long_as_numpy_needs_it():
    """Also where only a view of the numpy array is left; then Java's object goes."""
    import jpype

    made = jpype.JClass("org.nd4j.linalg.factory.Nd4j").valueArrayOf(jpype.JLong[:]([200, 300]), 3.0)
    gone = jpype.JClass("java.lang.ref.WeakReference")(made)
    row = bridge.to_numpy(made)[5]
    del made
    _collect_both()
    trash = [bridge.to_indarray(np.zeros((200, 300), "float32"), copy=True) for _ in range(50)]
    assert gone.get() is not None
    assert row.sum() == 900
    del row, trash
    _collect_both()
    assert gone.get() is None


def test_close_takes_no_memory_from_under_numpy():
    """Neither of the array nor of the one that it is a view of; without a view, it gives the memory back."""
    import jpype

    nd4j = jpype.JClass("org.nd4j.linalg.factory.Nd4j")
    whole = nd4j.valueArrayOf(jpype.JLong[:]([200, 300]), 3.0)
    seen = bridge.to_numpy(whole.getRow(5))
    whole.close()
    trash = [nd4j.valueArrayOf(jpype.JLong[:]([200, 300]), 4.0) for _ in range(50)]
    assert seen.sum() == 900
    trash[0].close()
    with pytest.raises(bridge.BridgeError, match="closed"):
        bridge.to_numpy(trash[0])


def test_close_leaves_numpys_memory_to_numpy():
    """An INDArray over numpy's memory can be closed as any other."""
    array = np.arange(1000, dtype="float32")
    made = bridge.to_indarray(array)
    made.close()
    assert made.wasClosed()
    assert array.sum() == 499500


def test_arrays_in_a_workspace_are_copied():
    """Its memory is used again; whoever wants to share is told."""
    import jpype

    nd4j = jpype.JClass("org.nd4j.linalg.factory.Nd4j")
    manager = nd4j.getWorkspaceManager()
    with manager.getAndActivateWorkspace("TEST_ARRAYS"):
        inside = nd4j.valueArrayOf(jpype.JLong[:]([20, 30]), 3.0)
        seen = bridge.to_numpy(inside)
        with pytest.raises(bridge.BridgeError, match="workspace"):
            bridge.to_numpy(inside, copy=False)
        inside.assign(4.0)
    assert seen.sum() == 1800
    manager.destroyAllWorkspacesForCurrentThread()


def test_memory_that_java_has_not_let_go_of_does_not_add_up():
    """Java's collector does not see numpy's memory, so it is called in time: 20 GB go through 1 GB."""
    from pydl4j_bridge.jvm import arrays

    array = np.zeros(2**25, "uint8")  # touched by nobody: it takes no memory
    most = 0
    for _ in range(640):
        bridge.to_indarray(array)
        most = max(most, arrays._handed_over)
    assert most <= arrays._PATIENCE + array.nbytes


def test_more_than_two_gigabytes_are_shared():
    """More than 2^31 numbers, of which only those that are touched take memory."""
    array = np.zeros(2**31 + 10, "uint8")
    made = bridge.to_indarray(array, copy=False)
    assert int(made.length()) == 2**31 + 10
    array[-1] = 7
    back = bridge.to_numpy(made, copy=False)
    assert (back[-1], back.shape) == (7, array.shape)
    assert np.shares_memory(back[-10:], array[-10:])


def test_to_indarray_is_public_and_starts_java():
    """Both functions are the package's; a word of help says what copies."""
    assert {"to_indarray", "to_numpy"} <= set(bridge.__all__)
    assert all("copy: " in bridge.__getattr__(name).__doc__ for name in ("to_indarray", "to_numpy"))
