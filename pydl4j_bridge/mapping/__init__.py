"""From a Keras optimizer to the description of an ND4J updater. Pure: needs neither Keras nor a JVM.

:class:`UpdaterSpec` is the waist of the whole package: Java objects are built from it and read back into it.
"""

from pydl4j_bridge.mapping.engine import LossyMappingWarning, map_optimizer
from pydl4j_bridge.mapping.spec import Finding, Outcome, ScheduleSpec, UpdaterSpec

__all__ = ["Finding", "LossyMappingWarning", "Outcome", "ScheduleSpec", "UpdaterSpec", "map_optimizer"]
