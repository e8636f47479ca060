"""What two sides make of the same file, held against each other. Pure values: needs neither Keras nor a JVM."""

from pydl4j_bridge.compare.report import NativeAttempt, Predictions, Report, Verdict
from pydl4j_bridge.compare.specs import Difference, compare_specs
from pydl4j_bridge.compare.training import TrainingReport

__all__ = ["Difference", "NativeAttempt", "Predictions", "Report", "TrainingReport", "Verdict", "compare_specs"]
