"""A program of a user, for type checkers: two dozen of Deeplearning4j's classes, by short and by full names."""

from __future__ import annotations

import pydl4j_bridge
from pydl4j_bridge.java import (
    Activation,
    Adam,
    BatchNormalization,
    ConvolutionLayer,
    DataSet,
    DataType,
    DenseLayer,
    DropoutLayer,
    Evaluation,
    INDArray,
    InputType,
    LossFunctions,
    MultiLayerConfiguration,
    MultiLayerNetwork,
    Nd4j,
    NeuralNetConfiguration,
    OutputLayer,
    PoolingType,
    ScheduleType,
    ScoreIterationListener,
    StepSchedule,
    SubsamplingLayer,
    WeightInit,
)

pydl4j_bridge.start()  # from here on, every class has its full name, too

from org.deeplearning4j.nn.conf.layers import LSTM  # noqa: E402
from org.nd4j.linalg.learning.config import IUpdater, Nesterovs  # noqa: E402


def updaters() -> list[IUpdater]:
    """Each by its builder."""
    schedule = StepSchedule(ScheduleType.ITERATION, 0.1, 0.5, 100.0)
    return [
        Adam.builder().learningRate(0.001).beta1(0.9).epsilon(1e-7).build(),
        Nesterovs.builder().learningRateSchedule(schedule).momentum(0.9).build(),
    ]


def configuration(updater: IUpdater) -> MultiLayerConfiguration:
    """A small network of convolutions."""
    return (
        NeuralNetConfiguration.Builder()
        .seed(1)
        .dataType(DataType.FLOAT)
        .weightInit(WeightInit.XAVIER)
        .updater(updater)
        .list(
            ConvolutionLayer.Builder(3, 3).nOut(4).activation(Activation.RELU).build(),
            SubsamplingLayer.Builder(PoolingType.MAX).build(),
            BatchNormalization(),
            DropoutLayer(0.5),
            DenseLayer.Builder().nOut(8).hasBias(True).build(),
            OutputLayer.Builder(LossFunctions.LossFunction.MCXENT).nOut(3).activation(Activation.SOFTMAX).build(),
        )
        .setInputType(InputType.convolutional(8, 8, 1))
        .build()
    )


def train(updater: IUpdater) -> Evaluation:
    """One step, evaluated."""
    network = MultiLayerNetwork(configuration(updater))
    network.init()
    network.setListeners(ScoreIterationListener(1))
    pictures: INDArray = Nd4j.rand("c", [4, 1, 8, 8])
    pictures[:, 0, 1:, ::2] += 0.5 * pictures[:, 0, 1:, ::2]  # operators are Python's
    labels = Nd4j.zeros(DataType.FLOAT, len(pictures), 3)
    for row in range(4):
        labels.putScalar(row, row % 3, 1.0)
    data = DataSet(pictures, labels)
    network.fit(data)
    evaluation = Evaluation(3)
    evaluation.eval(labels, network.output(data.getFeatures()))
    return evaluation


cell: LSTM = LSTM.Builder().nIn(2).nOut(3).build()
print(f"accuracy {train(updaters()[0]).accuracy()} of {cell.getNOut()} classes")
