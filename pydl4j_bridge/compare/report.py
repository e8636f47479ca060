"""The result of checking one file, as one frozen value for the terminal, JSON and programs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pydl4j_bridge import tables
from pydl4j_bridge.compare.quirks import explain_missing
from pydl4j_bridge.compare.specs import Difference, compare_specs
from pydl4j_bridge.errors import BridgeError
from pydl4j_bridge.kerasfile import KerasModelFile
from pydl4j_bridge.mapping import UpdaterSpec


class Verdict(str, Enum):
    """What a check found."""

    AGREE = "agree"
    EXPLAINED = "explained"
    UNEXPLAINED = "unexplained"
    NO_OPTIMIZER = "no-optimizer"
    NATIVE_REFUSED = "native-refused"
    NATIVE_CRASHED = "native-crashed"
    NATIVE_HUNG = "native-hung"


@dataclass(frozen=True, slots=True)
class NativeAttempt:
    """One run of DL4J's own ``KerasModelImport`` on the untouched file.

    Attributes:
        enforce_training_config: the argument it was given.
        status: ``imported``, ``refused``, ``crashed``, ``hung`` or ``not-run``.
        why: why it was not run; empty otherwise.
        error: the exception, the crash or the time limit as JSON values; None where it imported.
        quirk: id of the known quirk that explains a refusal.
        network: simple name of the Java class that came out.
        updaters: layer name → the updater it carries; layers without parameters are not in it.
        without_updater: layers that have parameters to train and no updater → the Java classes they are made of.
        seconds: how long it took.
    """

    enforce_training_config: bool
    status: str
    why: str = ""
    error: Mapping[str, Any] | None = None
    quirk: str | None = None
    network: str | None = None
    updaters: Mapping[str, UpdaterSpec] = field(default_factory=dict)
    without_updater: Mapping[str, str] = field(default_factory=dict)
    seconds: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The attempt as plain JSON values."""
        return {
            "enforce_training_config": self.enforce_training_config,
            "status": self.status,
            "why": self.why,
            "error": None if self.error is None else dict(self.error),
            "quirk": self.quirk,
            "network": self.network,
            "layers": {layer: spec.to_dict() for layer, spec in self.updaters.items()},
            "without_updater": dict(self.without_updater),
            "seconds": self.seconds,
        }


@dataclass(frozen=True, slots=True)
class Predictions:
    """What our import and the native one predict for the same made-up inputs. Where they differ, it says not who errs.

    Attributes:
        status: ``same`` (no further apart than 1e-5 of the largest number), ``differ`` or ``not-compared``.
        difference: the largest one, relative to the largest number that ours predicts; None where there is none.
        why: why they were not compared, or which shapes differ; empty otherwise.
    """

    status: str
    difference: float | None = None
    why: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain JSON values."""
        return {"status": self.status, "difference": self.difference, "why": self.why}


@dataclass(frozen=True, slots=True)
class Report:
    """What both sides make of one file.

    Attributes:
        file: what the file says.
        updater: our mapping; None where there is no optimizer or it was refused.
        built: the same, read back from the real Java object that was built from it.
        error: why our side refused the optimizer; None where it did not.
        native: the native import with enforceTrainingConfig true.
        native_not_enforced: the same with false.
        predictions: what both sides' networks predict.
    """

    file: KerasModelFile
    updater: UpdaterSpec | None
    built: UpdaterSpec | None
    error: BridgeError | None
    native: NativeAttempt
    native_not_enforced: NativeAttempt
    predictions: Predictions = Predictions("not-compared")

    @property
    def differences(self) -> tuple[Difference, ...]:
        """Where the updaters differ, each with the quirk that explains it."""
        optimizer = self.file.optimizer
        if optimizer is None or self.updater is None or self.native.status != "imported":
            return ()
        by_updater: dict[str, tuple[UpdaterSpec, list[str]]] = {}
        for layer, spec in self.native.updaters.items():
            by_updater.setdefault(repr(spec), (spec, []))[1].append(layer)
        missing = tuple(
            Difference("class", self.updater.updater, None, explain_missing(made_of), (layer,))
            for layer, made_of in self.native.without_updater.items()
        )
        return missing + tuple(
            difference
            for spec, layers in by_updater.values()
            for difference in compare_specs(optimizer, self.updater, spec, tuple(layers) if len(by_updater) > 1 else ())
        )

    @property
    def verdict(self) -> Verdict:
        """The result in one word."""
        for attempt in (self.native, self.native_not_enforced):
            if attempt.status == "crashed":
                return Verdict.NATIVE_CRASHED
            if attempt.status == "hung":
                return Verdict.NATIVE_HUNG
        if self.file.optimizer is None:
            return Verdict.NO_OPTIMIZER
        if self.native.status == "refused":
            return Verdict.NATIVE_REFUSED
        if self.updater is None or not (self.native.updaters or self.native.without_updater):
            return Verdict.UNEXPLAINED
        differences = self.differences
        if not differences:
            return Verdict.AGREE
        return Verdict.EXPLAINED if all(d.quirk for d in differences) else Verdict.UNEXPLAINED

    @property
    def matters(self) -> bool:
        """An unexplained difference, or a Keras setting that ND4J cannot express, wants a person to act."""
        return self.verdict is Verdict.UNEXPLAINED or bool(self.updater and self.updater.losses)

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON values; the keys are documented in docs/json.md."""
        return {
            **entry(self.file.path, self.file, self.updater, self.error),
            "verdict": self.verdict.value,
            "matters": self.matters,
            "differences": [difference.to_dict() for difference in self.differences],
            "native": self.native.to_dict(),
            "native_not_enforced": self.native_not_enforced.to_dict(),
            "predictions": self.predictions.to_dict(),
        }

    def _repr_html_(self) -> str:
        attempts = {
            f"native import, enforceTrainingConfig={str(one.enforce_training_config).lower()}": _said(one)
            for one in (self.native, self.native_not_enforced)
        }
        predictions = self.predictions
        compared = (
            f"{predictions.status} {predictions.why}"
            if predictions.difference is None
            else (f"{predictions.status}, {predictions.difference:.1e} apart")
        )
        parts = [
            tables.pairs(
                {"verdict": self.verdict.value, **attempts, "predictions": compared}, title=self.file.path or ""
            )
        ]
        if self.updater is not None:
            parts.append(self.updater._repr_html_())
        if self.error is not None:
            parts.append(tables.paragraph(f"{type(self.error).__name__}: {self.error}"))
        if self.differences:
            rows = [(one.field, one.bridge, one.native, one.quirk or "unexplained") for one in self.differences]
            parts.append(tables.table(("field", "bridge", "native", "quirk"), rows, title="differences"))
        return "".join(parts)


def _said(attempt: NativeAttempt) -> str:
    because = attempt.error["because"] if attempt.error else attempt.why
    return ": ".join(part for part in (attempt.status, str(because or "")) if part)


def entry(
    path: str | None,
    file: KerasModelFile | None = None,
    updater: UpdaterSpec | None = None,
    error: BridgeError | None = None,
) -> dict[str, Any]:
    """One file as plain JSON values: the same keys whether it could be read and mapped or not."""
    optimizer = file.optimizer if file else None
    reason = file.reason if file else None
    return {
        "path": path,
        "container": file.container if file else None,
        "saved": file.saved if file else None,
        "dialect": file.dialect if file else None,
        "keras_version": file.keras_version if file else None,
        "backend": file.backend if file else None,
        "model_class": file.model_class if file else None,
        "loss": file.loss if file else None,
        "optimizer": optimizer.class_name if optimizer else None,
        "optimizer_config": dict(optimizer.config) if optimizer else None,
        "has_optimizer_state": file.has_optimizer_state if file else None,
        "reason": reason.value if reason else None,
        "reason_text": reason.why if reason else None,
        "fix": reason.fix if reason else None,
        "updater": updater.to_dict() if updater else None,
        "findings": [finding.to_dict() for finding in updater.findings] if updater else [],
        "error": error.to_dict() if error else None,
    }
