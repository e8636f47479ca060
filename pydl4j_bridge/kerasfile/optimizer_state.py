"""The state of an optimizer in a file: iterations, moments, accumulators, each paired with its variable.

Keras writes an optimizer's variables as one list: in ``.h5`` with names, in ``.keras`` with numbers only, so that their
order decides. It was found by saving optimizers whose variables all differ:

=================  ===================================================================================================
Keras 1            no iteration for some optimizers, and variables sorted by their names: it is not read
Keras 2            [iteration], [momentum schedule], all of slot 1, all of slot 2 ...
legacy tf.keras    iteration, [momentum cache], all of slot 1, all of slot 2 ...; ``.keras`` holds none
tf.keras >= 2.11   iteration, [averages], slots 1 and 2 of variable 1, slots 1 and 2 of variable 2 ..., all of slot 3
Keras 3            as before, with the learning rate, unless it is a schedule, after the iteration; [accumulated
                   gradients] after the averages; Nadam's momentum product at the end
=================  ===================================================================================================

``[ ]`` is there for some settings only. Slots are named as Keras 3 names them, in every dialect.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import takewhile
from types import MappingProxyType
from typing import Any

from pydl4j_bridge.errors import StateError
from pydl4j_bridge.kerasfile.contents import ModelContents, StoredArray
from pydl4j_bridge.kerasfile.dialects import LEGACY
from pydl4j_bridge.kerasfile.model import Optimizer

#: Name of a variable of the model, and its shape in Keras's layout.
Trainable = tuple[str, tuple[int, ...]]


class NoState(Enum):
    """Why a file with an optimizer holds no state for it."""

    ABSENT = "the file holds no variables of the optimizer: it was not trained, or saved without them"
    LEGACY_ARCHIVE = "a .keras file never holds the state of a legacy optimizer; only .h5 does"
    UNTRAINED = "the optimizer has not made a step: its state is a fresh one"
    KERAS_1 = "Keras 1 saves the state without saying which number belongs to which weight"

    @property
    def why(self) -> str:
        """The reason in one sentence."""
        return self.value


@dataclass(frozen=True, slots=True)
class OptimizerState:
    """What an optimizer remembers of the steps that it made. Its arrays can be read while the file is open.

    Attributes:
        iterations: how many updates it made; None where the file does not say (Keras 2's RMSprop, Adagrad, Adadelta).
        slots: Keras 3's name of a slot (``momentum``, ``velocity``, ``velocity_hat``, ``norm``, ``accumulator``,
            ``accumulated_grad``, ``accumulated_delta_var``, ``average_gradient``; ``average`` with ``use_ema``,
            ``gradient_accumulator`` with ``gradient_accumulation_steps``) → an array for each trainable variable of
            the model, in their order and with their shapes.
        extra: numbers that belong to no variable: ``learning_rate``, and Nadam's ``u_product``, the product of its
            momenta so far.
        numbers: ``iterations`` and those of ``extra``, as they are in the file.
    """

    iterations: int | None
    slots: Mapping[str, tuple[StoredArray, ...]]
    extra: Mapping[str, float]
    numbers: Mapping[str, StoredArray]


@dataclass(frozen=True, slots=True)
class _Group:
    """Slots that are kept together, and when the optimizer has them."""

    names: tuple[str, ...]
    when: Callable[[Mapping[str, Any], str], bool] | None = None


def _set(key: str) -> Callable[[Mapping[str, Any], str], bool]:
    return lambda config, _: bool(config.get(key))


def _sgd(config: Mapping[str, Any], dialect: str) -> bool:
    return dialect in ("tf-keras", "keras-2") or bool(config.get("momentum"))  # these two always have it


_ADAM = (_Group(("momentum", "velocity")), _Group(("velocity_hat",), _set("amsgrad")))
_SLOTS: Mapping[str, tuple[_Group, ...]] = {
    "SGD": (_Group(("momentum",), _sgd),),
    "RMSprop": (
        _Group(("velocity",)),
        _Group(("momentum",), _set("momentum")),
        _Group(("average_gradient",), _set("centered")),
    ),
    "Adagrad": (_Group(("accumulator",)),),
    "Adadelta": (_Group(("accumulated_grad", "accumulated_delta_var")),),
    "Adam": _ADAM,
    "AdamW": _ADAM,
    "Adamax": (_Group(("momentum", "norm")),),
    "Nadam": (_Group(("momentum", "velocity")),),
}
_BEFORE = (
    _Group(("average",), _set("use_ema")),
    _Group(("gradient_accumulator",), _set("gradient_accumulation_steps")),
)

_M_AND_V = {"momentum": "m", "velocity": "v", "velocity_hat": "vhat"}
#: Dialect → class → slot → how names in an ``.h5`` spell it, where they do otherwise.
_SPELLED: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "tf-keras": {
        "SGD": _M_AND_V,
        "Adam": _M_AND_V,
        "AdamW": _M_AND_V,
        "Nadam": _M_AND_V,
        "Adamax": {"momentum": "m", "norm": "u"},
    },
    "tf-keras-legacy": {
        "Adam": _M_AND_V,
        "Nadam": _M_AND_V,
        "Adamax": {"momentum": "m", "norm": "v"},
        "RMSprop": {"velocity": "rms", "average_gradient": "mg"},
        "Adadelta": {"accumulated_grad": "accum_grad", "accumulated_delta_var": "accum_var"},
    },
}
#: Dialect → where in a name the slot is.
_IN_NAME: Mapping[str, str] = {
    "tf-keras": r"[^/]+/{slot}/.*",
    "tf-keras-legacy": r".*/{slot}(_\d+)?(:0)?",
    "keras-3": r".*_{slot}(_\d+)?",
}


def read_state(
    contents: ModelContents, optimizer: Optimizer, trainable: Sequence[Trainable]
) -> OptimizerState | NoState:
    """The state of ``optimizer`` in an open file, or why there is none.

    Args:
        contents: the open file.
        optimizer: the optimizer that it describes.
        trainable: the trainable variables of its model, in Keras's order.

    Raises:
        StateError: the file's variables are not those of this optimizer for these variables; names the first one.
        UnsafeFile: a number claims more than is stored.
    """
    place = {"file": contents.path, "where": "variables of the optimizer"}
    dialect, name = optimizer.dialect, optimizer.class_name
    if contents.optimizer is None:
        archive = contents.weights.numbered and dialect in LEGACY
        return NoState.LEGACY_ARCHIVE if archive else NoState.ABSENT
    if dialect == "keras-1":
        return NoState.KERAS_1
    if name not in _SLOTS or optimizer.custom:
        raise StateError(f"it is not known which variables {optimizer.registered_name or name} has", **place)
    stored = contents.optimizer.own()
    leading = _leading(optimizer, stored)
    trailing = ["u_product"] if (dialect, name) == ("keras-3", "Nadam") else []
    order = _order(optimizer, len(trainable))
    if order and len(stored) == len(leading) and _untrained(optimizer, leading, stored, place):
        return NoState.UNTRAINED
    expected = len(leading) + len(order) + len(trailing)
    # Keras 2's Adam without amsgrad has a number in the place of each vhat.
    fillers = len(trainable) if (dialect, name) == ("keras-2", "Adam") and not optimizer.config.get("amsgrad") else 0
    if len(stored) not in (expected, expected + fillers):
        has = ", ".join(
            (*leading, *(f"{slot} of each" for slot in dict.fromkeys(slot for slot, _ in order)), *trailing)
        )
        raise StateError(
            f"the optimizer has {len(stored)} variables in the file, and {expected} were expected",
            because=f"{name} of a model with {len(trainable)} trainable variables has {has}",
            fix="Load the model in Keras, check that what is trainable is as it was when the model was compiled, and "
            "save it again; or import it without the state",
            **place,
        )
    scalars = dict(zip(leading, stored, strict=False))
    scalars.update(zip(trailing, stored[expected - len(trailing) :], strict=False))
    slots: dict[str, list[StoredArray]] = {}
    for (slot, at), array in zip(order, stored[len(leading) :], strict=False):
        _check(array, slot, trainable[at], optimizer, numbered=contents.optimizer.numbered, place=place)
        slots.setdefault(slot, []).append(array)
    numbers = MappingProxyType(dict(scalars))
    iterations = _iterations(scalars.pop("iterations"), optimizer, place) if "iterations" in scalars else None
    return OptimizerState(
        iterations,
        MappingProxyType({slot: tuple(arrays) for slot, arrays in slots.items()}),
        MappingProxyType({key: _number(array, place) for key, array in scalars.items()}),
        numbers,
    )


def momentum_product(optimizer: Optimizer, iterations: int) -> float:
    """Nadam's ``u_product`` after so many updates: the product of ``beta_1 (1 - 0.5 * 0.96^(t decay))``, t from 1."""
    decay = float(optimizer.config.get("schedule_decay", 0.004)) if optimizer.dialect in LEGACY else 1.0
    beta = float(optimizer.config.get("beta_1", 0.9))
    return float(math.prod(beta * (1 - 0.5 * 0.96 ** (t * decay)) for t in range(1, iterations + 1)))


def _untrained(
    optimizer: Optimizer, leading: Sequence[str], stored: Sequence[StoredArray], place: Mapping[str, str]
) -> bool:
    """Whether the optimizer made no step: Keras creates the slots with the first one."""
    return "iterations" in leading and _iterations(stored[0], optimizer, place) == 0


def _leading(optimizer: Optimizer, stored: Sequence[StoredArray]) -> list[str]:
    """The names of the numbers that come before the slots."""
    if optimizer.dialect == "keras-2":  # its versions differ in which they save
        known = ["iterations", "u_product"] if optimizer.class_name == "Nadam" else ["iterations"]
        return [name for name, _ in zip(known, takewhile(lambda array: array.shape == (), stored), strict=False)]
    if optimizer.dialect == "keras-3" and not isinstance(optimizer.config.get("learning_rate"), Mapping):
        return ["iterations", "learning_rate"]
    if (optimizer.dialect, optimizer.class_name) == ("tf-keras-legacy", "Nadam"):
        return ["iterations", "u_product"]
    return ["iterations"]


def _order(optimizer: Optimizer, variables: int) -> list[tuple[str, int]]:
    """Slot and number of its variable, in the order of the file."""
    found: list[tuple[str, int]] = []
    for group in (*_BEFORE, *_SLOTS[optimizer.class_name]):
        if group.when is not None and not group.when(optimizer.config, optimizer.dialect):
            continue
        if optimizer.dialect in LEGACY:
            found += [(slot, at) for slot in group.names for at in range(variables)]
        else:
            found += [(slot, at) for at in range(variables) for slot in group.names]
    return found


def _check(
    array: StoredArray,
    slot: str,
    variable: Trainable,
    optimizer: Optimizer,
    *,
    numbered: bool,
    place: Mapping[str, str],
) -> None:
    """Refuse an array of another shape than its variable's, or whose name says that it is another slot's."""
    name, shape = variable
    if array.shape != shape:
        raise StateError(
            f"the {slot} of {name} has the shape {array.shape}, and the variable has {shape}",
            because=f"it is the optimizer's variable {array.name}",
            fix="The state belongs to another model, or to other trainable layers: save the model again",
            **place,
        )
    pattern = _IN_NAME.get(optimizer.dialect)
    if numbered or pattern is None:
        return
    spelled = _SPELLED.get(optimizer.dialect, {}).get(optimizer.class_name, {}).get(slot, slot)
    if re.fullmatch(pattern.format(slot=re.escape(spelled)), array.name) is None:
        raise StateError(
            f"expected the {slot} of {name} and found {array.name}",
            because=f"the optimizer's variables are in another order than {optimizer.class_name} keeps them",
            **place,
        )


def _number(array: StoredArray, place: Mapping[str, str]) -> float:
    if array.shape != ():
        raise StateError(
            f"expected a number and found an array of the shape {array.shape}", because=array.name, **place
        )
    return float(array.read())


def _iterations(array: StoredArray, optimizer: Optimizer, place: Mapping[str, str]) -> int:
    """The updates made. Keras 3 counts gradients, of which it may collect some for one update."""
    counted = _number(array, place)
    if not math.isfinite(counted) or counted < 0 or counted != int(counted):
        raise StateError(f"the optimizer made {counted} steps", because=array.name, **place)
    collected = optimizer.config.get("gradient_accumulation_steps") or 1
    if not isinstance(collected, int) or collected < 1:
        raise StateError(f"gradient_accumulation_steps is {collected!r}", **place)
    return int(counted) // collected
