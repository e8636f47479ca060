"""The public verbs. Each is a few lines that name the steps; the steps are in the packages below."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from pydl4j_bridge.compare import NativeAttempt, Predictions, Report
from pydl4j_bridge.compare.quirks import explain_refusal
from pydl4j_bridge.errors import (
    BridgeError,
    InvalidConfig,
    JavaError,
    JvmError,
    StateError,
    WorkerCrashed,
    WorkerTimeout,
)
from pydl4j_bridge.jvm.worker import START_LIMIT, Worker
from pydl4j_bridge.kerasfile import KerasModelFile, read, read_optimizer
from pydl4j_bridge.mapping import UpdaterSpec
from pydl4j_bridge.mapping import map_optimizer as _map
from pydl4j_bridge.mapping.engine import Fidelity, OnLoss
from pydl4j_bridge.translate.losses import NOT_COMPILED, Compiled
from pydl4j_bridge.translate.support import importable
from pydl4j_bridge.translate.trained import as_keras_trains

if TYPE_CHECKING:
    from pydl4j_bridge.imported import ImportedModel
    from pydl4j_bridge.jvm.session import Jvm
    from pydl4j_bridge.network import Network
    from pydl4j_bridge.translate.inputs import InputShapes

__all__ = ["build_updater", "check", "check_many", "import_model", "map_optimizer", "read", "read_updater", "start"]

#: Seconds that one native import may take. The slowest that ends, of a model of 100 MB, takes 3.
TIME_LIMIT = 40.0

#: What DL4J puts on layers that were given no updater.
_DL4JS_DEFAULT = UpdaterSpec("Sgd", {"learningRate": 0.001})


def map_optimizer(source: Any, *, on_loss: OnLoss = "error", fidelity: Fidelity = "nd4j") -> UpdaterSpec:
    """The ND4J updater for a Keras optimizer, with a finding for every key of its config. Needs no JVM.

    Args:
        source: an :class:`Optimizer`, a :class:`KerasModelFile`, or anything that :func:`read` takes: a path, JSON
            text, a config dict, a live Keras model or optimizer.
        on_loss: what to do about a setting that changes the training and that ND4J cannot express: ``"error"``,
            ``"warn"`` or ``"ignore"``.
        fidelity: ``"nd4j"``: ND4J's own class, whose rule may only be near Keras's: the findings say where;
            ``"exact"``: an updater of ours with Keras's rule where ND4J has another one.

    Raises:
        NoTrainingConfig: the source has no optimizer; says why.
        UnsupportedOptimizer: ND4J has no updater for the class.
        UnsupportedOption: ``on_loss`` is ``"error"`` and settings would be lost; the message names them all.
        KerasFileError: the source cannot be read, or holds a value that Keras could not have meant.
    """
    return _map(read_optimizer(source), on_loss=on_loss, fidelity=fidelity)


def start(**options: Any) -> Jvm:
    """Start the JVM of this process, or return the one that runs. Jars that are missing are fetched first.

    Afterwards Java's packages can be imported. In IPython and notebooks, what Java says is shown in the cell that
    caused it, and its exceptions begin with the line to act on.

    Args:
        options: ``java_home``, the Java runtime to use; ``jvm_args``, more arguments for the JVM, e.g. ``["-Xmx8g"]``;
            ``progress``, whether a fetch shows its progress. Without any, whichever JVM runs is taken.

    Raises:
        JvmAlreadyStarted: a JVM runs with other options, or is somebody else's and of no use.
        JvmAfterFork: the parent process had a JVM.
        JvmError: no Java, no jars, or Java refused to start.
    """
    from pydl4j_bridge.jupyter import start

    return start(**options)


def build_updater(spec: UpdaterSpec) -> Any:
    """The real ``org.nd4j.linalg.learning.config`` object that ``spec`` describes. Starts the JVM if none runs.

    What ``spec.layer_settings`` holds is not part of it: DL4J keeps that in the configuration of the layers.

    Raises:
        JvmError: no Java, no jars, or Java refused a value.
    """
    from pydl4j_bridge.jvm.updaters import build_updater

    start()
    return build_updater(spec)


def read_updater(updater: Any) -> UpdaterSpec:
    """The spec of an ``IUpdater`` object, whoever made it.

    Raises:
        UnsupportedOptimizer: a class that is not ND4J's own.
    """
    from pydl4j_bridge.jvm.updaters import read_updater

    return read_updater(updater)


def import_model(
    path: str | os.PathLike[str],
    *,
    optimizer: bool = True,
    enforce_training_config: bool = True,
    on_loss: OnLoss = "error",
    fidelity: Fidelity = "nd4j",
    state: bool | None = None,
    lambdas: Mapping[str, Callable[[Any, Any], Any]] | None = None,
    inputs: InputShapes | None = None,
    dtype: Literal["float32", "float64"] | None = None,
    loss: Any = None,
) -> ImportedModel:
    """The Keras model at ``path`` as a real DL4J network in this process, with its optimizer on every layer.

    What DL4J cannot express is refused before the JVM starts, all layers at once. Starts the JVM if none runs.

    Args:
        path: a whole model: ``.h5`` or ``.keras`` of Keras 1, 2, tf.keras or Keras 3.
        optimizer: put the mapped optimizer on the layers; False for inference only: the network has no loss either.
        enforce_training_config: as in DL4J; False reads no optimizer, and the loss alone is the file's. The layers
            then carry DL4J's default, Sgd(0.001): set a learning rate or an updater before training.
        on_loss, fidelity: as in :func:`map_optimizer`.
        state: carry what the optimizer remembers of its steps (moments, accumulators, how many they were), so that
            training goes on where Keras stopped. None: where the file has it, and a note says why where it has not;
            True: it is an error when the file has none; False: the optimizer starts fresh.
        lambdas: what stands for the model's Lambda layers, by their names: a function from a ``SameDiff`` and the
            ``SDVariable`` of the input to that of the output, e.g. ``{"scale": lambda sd, x: x.mul(2.0)}``. The code
            of a Lambda in the file is never executed.
        inputs: shapes, without the batch, for inputs whose sizes the file leaves open and DL4J needs: ``(224, 224, 3)``
            where there is one input, a list of shapes in the order of the inputs, or ``{"input_1": (224, 224, 3)}``.
        dtype: of the network's numbers; None: as in Keras, float64 where its layers are, and float32 otherwise.
        loss: what to train with in the place of the file's, as ``compile`` takes it: a name of Keras's, or its
            ``{"class_name": ..., "config": {...}}``; of several outputs a list, or a dict by their names. The way to
            train a model that was not compiled.

    Raises:
        InvalidConfig: ``loss`` cannot be trained with, or ``lambdas`` names a layer that the model does not have.
        UnsupportedLayer: DL4J has nothing that computes the same; names all layers.
        TranslationError: another reason why the model cannot be brought over.
        MappingError: the optimizer cannot be brought over; ``optimizer=False`` imports the model without it.
        StateError: the optimizer's state in the file belongs to another model; or ``state=True`` and there is none.
        KerasFileError: the file cannot be read; InvalidConfig: ``inputs`` are not the model's.
        JvmError: no Java, no jars, or Java refused the model.
    """
    from pydl4j_bridge.carried import as_double, carry_state
    from pydl4j_bridge.imported import ImportedModel
    from pydl4j_bridge.jvm.building import build_network
    from pydl4j_bridge.jvm.networks import install_updater
    from pydl4j_bridge.kerasfile.contents import open_model
    from pydl4j_bridge.translate import bind_weights, from_keras_1, translate

    file = read(path, enforce_training_config=enforce_training_config)
    major = importable(file)
    updater = _map(file.optimizer, on_loss=on_loss, fidelity=fidelity) if optimizer and file.optimizer else None
    with open_model(path, file.container, file.model_config) as contents:
        contents, weights = from_keras_1(contents) if major == 1 else (contents, bind_weights(contents))
        recorder = _Recorder(lambdas or {})
        compiled = Compiled(file.loss, file.loss_weights) if optimizer else NOT_COMPILED
        compiled = compiled if loss is None else Compiled(loss)
        model = translate(contents, weights, major, compiled, inputs, recorder, file.backend)
        recorder.all_used_or_error(file.path)
        if loss is not None and not (model.losses or model.own_losses):
            raise InvalidConfig(f"the model cannot be trained with the loss {loss!r}", because=model.notes[0])
        if updater is not None:
            model = as_keras_trains(model, updater, file.dialect, file.backend, exact=fidelity == "exact")
        if dtype is not None:
            model = replace(model, dtype=dtype)
        start()
        imported = ImportedModel(build_network(model, weights, file.path), model)
        if model.dtype == "float64":
            as_double(imported, weights)
        if updater is not None and file.optimizer is not None:
            imported.set_updater(updater)
            if state is not False:
                carry_state(imported, contents, weights, file.optimizer, demanded=bool(state))
        elif state:
            raise StateError("there is no state to carry", because="the model has no optimizer", file=file.path)
        elif model.losses:
            install_updater(imported.java, _DL4JS_DEFAULT)  # the importer takes a loss only with an optimizer
    return imported


def load(path: str | os.PathLike[str]) -> ImportedModel | Network:
    """The model in a zip that its ``save`` has written, as it was. Starts the JVM if none runs.

    The network, its updater, the updater's state and how many steps it has made come back through DL4J's own
    ModelSerializer; the names and layouts of Keras, the findings and the notes from an entry beside them. A zip that a
    Java program has written comes back as a :class:`Network`, whose arrays are as DL4J has them.

    Raises:
        NotAKerasFile: no such zip.
        InvalidConfig, UnsafeFile: the entry cannot be read.
        JavaError: DL4J cannot read the network.
    """
    from pydl4j_bridge.imported import ImportedModel
    from pydl4j_bridge.jvm import networks
    from pydl4j_bridge.network import Network
    from pydl4j_bridge.saved import NetworkDescription, read_description

    described = read_description(path)
    start()
    if isinstance(described, NetworkDescription):
        return Network(
            networks.load(os.fspath(path), graph=described.graph),
            described.inputs,
            described.outputs,
            channels_last=described.channels_last,
            layer_shapes=described.layers,
        )
    loaded = ImportedModel(networks.load(os.fspath(path), graph=not described.model.sequential), described.model)
    loaded.updater, loaded.notes = described.updater, described.notes
    if loaded.updater is not None:
        networks.install_listeners(loaded.java, loaded.updater)
    return loaded


def convert(
    path: str | os.PathLike[str], out: str | os.PathLike[str], *, verify: bool = False, **options: Any
) -> dict[str, Any]:
    """Import a model and write it as DL4J does; what became of it, as plain JSON values.

    Args:
        path: the Keras file.
        out: the zip to write.
        verify: read it back with DL4J and compare.
        options: of :func:`import_model`.

    Raises:
        BridgeError: as :func:`import_model` and ``ImportedModel.save``.
    """
    imported = import_model(path, **options)
    imported.save(out)
    verified = imported.verify(out) if verify else None
    return {
        "path": os.fspath(path),
        "out": os.fspath(out),
        "network": str(imported.java.getClass().getSimpleName()),
        "updater": imported.updater.java_class if imported.updater else None,
        "parameters": int(imported.java.numParams()),
        "notes": list(imported.notes),
        "verified": verified.to_dict() if verified else None,
    }


class _Recorder:
    """Records what is given for Lambda layers, and knows what was not asked for."""

    def __init__(self, lambdas: Mapping[str, Callable[[Any, Any], Any]]) -> None:
        self._lambdas = lambdas
        self._used: set[str] = set()

    def __call__(self, name: str, shape: tuple[int, ...]) -> tuple[dict[str, str], tuple[int, ...]] | None:
        if name not in self._lambdas:
            return None
        start()
        from pydl4j_bridge.jvm.lambdas import record

        self._used.add(name)
        return record(name, self._lambdas[name], shape)

    def all_used_or_error(self, file: str | None) -> None:
        unknown = sorted(set(self._lambdas) - self._used)
        if unknown:
            raise InvalidConfig(
                f"the model has no Lambda {', '.join(unknown)}",
                because=f"lambdas were asked for: {', '.join(sorted(self._used)) or 'none'}",
                file=file,
                fix="Leave it out, or name it as the model's config does",
            )


def check(path: Any, *, time_limit: float = TIME_LIMIT) -> Report:
    """Map the optimizer of the file at ``path``, import the untouched file natively, and compare the two.

    Where both import the model, they predict the same made-up inputs, and the report says how far apart they are.

    The native import runs in a process of its own: one that hangs or crashes is reported and takes nobody down. A
    Keras setting that ND4J cannot express does not stop the check: it is in the findings.

    Args:
        path: a Keras file.
        time_limit: seconds that one native import may take.

    Raises:
        KerasFileError: the file cannot be read.
        JvmError: the environment: no Java, no jars.
    """
    with Worker(time_limit) as worker:
        return _check(path, worker)


def check_many(paths: Iterable[Any], *, time_limit: float = TIME_LIMIT) -> Iterator[tuple[Any, Report | BridgeError]]:
    """:func:`check` for many files with one worker process; yields each path with its report or its error.

    Errors of the environment are raised, those of single files are yielded.

    Raises:
        JvmError: the environment: no Java, no jars.
    """
    with Worker(time_limit) as worker:
        yield from check_files(paths, worker)


def check_files(paths: Iterable[Any], worker: Worker) -> Iterator[tuple[Any, Report | BridgeError]]:
    """:func:`check_many` with a worker of the caller's."""
    for path in paths:
        try:
            yield path, _check(path, worker)
        except BridgeError as error:
            # A Java exception is about this file; the rest of the environment is about all of them.
            if isinstance(error, JvmError) and not isinstance(error, JavaError):
                raise
            yield path, error


def _check(path: Any, worker: Worker) -> Report:
    generation = worker.generation
    worker.prepare()  # Java starts while the file is read
    file = read(path)
    updater, error = None, None
    if file.optimizer is not None:
        try:
            updater = _map(file.optimizer, on_loss="ignore")
        except BridgeError as refused:
            error = refused
    ask = partial(_ask, worker, generation)
    built = UpdaterSpec.from_dict(ask("build", limit=START_LIMIT, spec=_bare(updater))["updater"]) if updater else None
    native = _attempt(file, ask, enforce=True)
    # While the worker still has the network.
    predictions = _predictions(file, ask, native) if native.status == "imported" else None
    if native.status in ("crashed", "hung"):
        other = NativeAttempt(
            enforce_training_config=False, status="not-run", why=f"with enforceTrainingConfig=true it {native.status}"
        )
    else:
        other = _attempt(file, ask, enforce=False)
    return Report(file, updater, built, error, native, other, predictions or _predictions(file, ask, other))


def _bare(spec: UpdaterSpec) -> dict[str, Any]:
    return UpdaterSpec(spec.updater, spec.fields).to_dict()


def _ask(worker: Worker, used: int, operation: str, **arguments: Any) -> dict[str, Any]:
    """One request of the worker.

    The native import of an earlier file may have corrupted the heap. Where the process that did it (the generation
    ``used``) dies or hangs, only a fresh one tells what this file does.
    """
    in_used = worker.generation == used
    try:
        return worker.request(operation, **arguments)
    except (WorkerCrashed, WorkerTimeout):
        if not in_used:
            raise
        return worker.request(operation, **arguments)


def _attempt(file: KerasModelFile, ask: Callable[..., dict[str, Any]], *, enforce: bool) -> NativeAttempt:
    try:
        answer = ask("native", path=file.path, entry=_entry(file), enforce_training_config=enforce)
    except (WorkerCrashed, WorkerTimeout) as error:
        status = "crashed" if isinstance(error, WorkerCrashed) else "hung"
        return NativeAttempt(enforce, status, error=error.to_dict())
    if answer["status"] == "refused":
        error_fields = answer["error"]
        quirk = explain_refusal(tuple(error_fields["causes"]), answer["stack"])
        return NativeAttempt(enforce, "refused", error=error_fields, quirk=quirk, seconds=answer["seconds"])
    updaters = {layer: UpdaterSpec.from_dict(spec) for layer, spec in answer["updaters"].items()}
    return NativeAttempt(
        enforce,
        "imported",
        network=answer["network"],
        updaters=updaters,
        without_updater=answer["without_updater"],
        seconds=answer["seconds"],
    )


def _predictions(file: KerasModelFile, ask: Callable[..., dict[str, Any]], native: NativeAttempt) -> Predictions:
    if native.status != "imported":
        return Predictions("not-compared", why="there is no native network")
    who = "our network"
    try:
        why = ask("predict_bridge", path=file.path)["why"]
        if why:
            return Predictions("not-compared", why=why)
        who = "the native network"
        answer = ask(
            "predict_native",
            path=file.path,
            entry=_entry(file),
            enforce_training_config=native.enforce_training_config,
        )
    except WorkerCrashed:
        return Predictions("not-compared", why=f"{who} kills its process when it predicts")
    except WorkerTimeout:
        return Predictions("not-compared", why=f"{who} does not end when it predicts")
    return Predictions(**answer)


def _entry(file: KerasModelFile) -> str:
    """Which door of KerasModelImport the file is for."""
    if file.saved == "optimizer":
        return "optimizer"
    door = "sequential" if file.model_class == "Sequential" else "model"
    return f"{door}-config" if file.saved == "config" else door
