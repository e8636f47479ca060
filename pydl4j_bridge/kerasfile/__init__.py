"""What a Keras file says, as frozen values. Needs neither Keras nor a JVM.

This is the only package that imports h5py. It reads; it never builds, executes or follows anything in a file.
"""

from pydl4j_bridge.kerasfile.model import KerasModelFile, NoOptimizer, Optimizer
from pydl4j_bridge.kerasfile.reader import find_models, read, read_optimizer

__all__ = ["KerasModelFile", "NoOptimizer", "Optimizer", "find_models", "read", "read_optimizer"]
