"""An ``INDArray`` used as a numpy array."""

import operator

import numpy as np
import pytest

import pydl4j_bridge as bridge

pytestmark = pytest.mark.usefixtures("jvm")


@pytest.fixture
def numbers():
    """What the INDArrays of these tests hold."""
    return np.arange(24, dtype="float32").reshape(2, 3, 4) - 5


def _is_indarray(value):
    import jpype

    return isinstance(value, jpype.JClass("org.nd4j.linalg.api.ndarray.INDArray"))


INDICES = [
    1,
    -1,
    (0, 2),
    slice(1, None),
    (slice(None), 1),
    (slice(None), slice(0, 3, 2), slice(1, 3)),
    (..., 2),
    (0, None, slice(None), None, 1),
    (slice(None, None, -1), 1),
    (slice(0, 0),),
    [1, 0],
    (0, [2, 0, 1], 1),
    np.arange(24).reshape(2, 3, 4) % 5 == 0,
]


@pytest.mark.parametrize("index", INDICES, ids=str)
def test_indices_are_numpys(numbers, index):
    """The same numbers come out, as an INDArray; and the same places are written to."""
    made = bridge.to_indarray(numbers, copy=True)
    found = made[index]
    assert _is_indarray(found)
    assert np.array_equal(np.asarray(found), numbers[index])
    made[index] = 100
    numbers[index] = 100
    assert np.array_equal(np.asarray(made), numbers)


@pytest.mark.parametrize("index", [1, (0, 2), (slice(None), slice(0, 3, 2)), (..., 2), (slice(None), None)], ids=str)
def test_a_part_is_a_view(numbers, index):
    """Of an array that is itself a view, too; what is written into a part is in the whole."""
    whole = bridge.to_indarray(numbers, copy=True)
    for made, expected in ((whole, numbers.copy()), (whole[..., 1:], numbers[..., 1:].copy())):
        part = made[index]
        part.addi(1000)
        expected[index] += 1000
        assert np.array_equal(np.asarray(made), expected)
        part.subi(1000)


def test_one_number_is_a_scalar(numbers):
    """With all axes given; and out of the array is an IndexError."""
    made = bridge.to_indarray(numbers)
    assert made[1, 2, 3] == 18
    assert isinstance(made[1, 2, 3], np.float32)
    with pytest.raises(IndexError):
        made[2]


def test_an_indarray_is_a_sequence(numbers):
    """It has a length and can be gone through."""
    made = bridge.to_indarray(numbers)
    assert len(made) == 2
    assert [float(one.sumNumber()) for one in made] == [numbers[0].sum(), numbers[1].sum()]
    with pytest.raises(TypeError):
        len(bridge.to_indarray(3.0))


BINARY = ["add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "lt", "le", "gt", "ge"]


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("kinds", [("float32",) * 2, ("float32", "int32"), ("int64",) * 2, ("float16", "float64")])
def test_arithmetic_is_numpys(name, kinds):
    """With its types and its broadcasting, whichever side the INDArray is on."""
    compute = getattr(operator, name)
    rng = np.random.default_rng(1)
    one = rng.integers(1, 9, (3, 1, 4)).astype(kinds[0])
    other = rng.integers(1, 5, (2, 1)).astype(kinds[1])
    expected = compute(one, other)
    shared = bridge.to_indarray(one), bridge.to_indarray(other)
    for found in (compute(*shared), compute(shared[0], other), compute(one, shared[1])):
        assert _is_indarray(found)
        back = bridge.to_numpy(found)
        assert back.dtype == expected.dtype
        assert np.array_equal(back, expected)


def test_numbers_of_python_do_not_change_the_type(numbers):
    """From either side."""
    made = bridge.to_indarray(numbers)
    for found, expected in ((made * 2.5, numbers * 2.5), (1 - made, 1 - numbers), (-abs(made), -abs(numbers))):
        assert str(found.dataType()) == "FLOAT"
        assert np.array_equal(np.asarray(found), expected)


def test_in_place_arithmetic_writes_into_the_array(numbers):
    """It stays the same INDArray, over the same memory."""
    given = numbers.copy()
    made = bridge.to_indarray(given)
    same = made
    made += 1
    made *= made
    assert made is same
    assert np.array_equal(given, (numbers + 1) ** 2)


def test_matrices_are_multiplied():
    """``@``."""
    one, other = np.random.default_rng(2).standard_normal((2, 3, 3)).astype("f4")
    assert np.array_equal(np.asarray(bridge.to_indarray(one) @ bridge.to_indarray(other)), one @ other)


def test_numpys_functions_take_an_indarray(numbers):
    """Ufuncs give an INDArray, reductions a number, and all others see an array."""
    made = bridge.to_indarray(numbers)
    assert np.array_equal(np.asarray(np.exp(made)), np.exp(numbers))
    assert np.add.reduce(made, axis=None) == numbers.sum()
    assert [np.asarray(one).tolist() for one in np.modf(made)] == [one.tolist() for one in np.modf(numbers)]
    assert np.asarray(made).dtype == np.float32
    assert np.shares_memory(np.asarray(made), numbers)
    assert np.asarray(made, dtype="float64").dtype == np.float64
    assert np.concatenate([made, made]).shape == (4, 3, 4)
    np.add(made, 1, out=made)
    assert numbers[0, 0, 0] == -4


def test_truth_and_numbers_are_those_of_one_element(numbers):
    """Of several there is none, as in numpy."""
    one = bridge.to_indarray(np.array([[2.5]], "f4"))
    assert (bool(one), float(one), int(one)) == (True, 2.5, 2)
    several = bridge.to_indarray(numbers)
    for convert in (bool, float, int):
        with pytest.raises(ValueError, match=r"size|element"):
            convert(several)


def test_equals_is_javas(numbers):
    """One answer, and INDArrays stay keys of a dict."""
    made, same = bridge.to_indarray(numbers), bridge.to_indarray(numbers, copy=True)
    assert made == same
    assert (made != made + 1) is True


def test_repr_shows_numbers_type_and_shape(numbers):
    """In numpy's way, and a large array in a few lines."""
    assert repr(bridge.to_indarray(numbers[0, :2])) == (
        "INDArray([[-5., -4., -3., -2.],\n          [-1.,  0.,  1.,  2.]], FLOAT, (2, 4), 'c')"
    )
    assert len(repr(bridge.to_indarray(np.zeros((1000, 1000))))) < 1000


def test_dlpack_hands_the_memory_on(numbers):
    """To numpy here; PyTorch, JAX and CuPy read the same protocol."""
    made = bridge.to_indarray(numbers)
    taken = np.from_dlpack(made)
    assert np.array_equal(taken, numbers)
    assert np.shares_memory(taken, numbers)


def test_java_keeps_its_methods(numbers):
    """Those whose names Python has not taken are what they were."""
    made = bridge.to_indarray(numbers)
    assert float(made.add(1).sumNumber()) == numbers.sum() + 24
    assert int(made.length()) == 24
