"""The names of ``java.py``: what a type checker reads, and the table that ``java.py`` itself reads."""

from org.deeplearning4j.datasets.iterator import (
    INDArrayDataSetIterator as INDArrayDataSetIterator,
)
from org.deeplearning4j.datasets.iterator.utilty import (
    ListDataSetIterator as ListDataSetIterator,
)
from org.deeplearning4j.earlystopping import (
    EarlyStoppingConfiguration as EarlyStoppingConfiguration,
    EarlyStoppingResult as EarlyStoppingResult,
)
from org.deeplearning4j.nn.conf import (
    BackpropType as BackpropType,
    CNN2DFormat as CNN2DFormat,
    CacheMode as CacheMode,
    ComputationGraphConfiguration as ComputationGraphConfiguration,
    ConvolutionMode as ConvolutionMode,
    GradientNormalization as GradientNormalization,
    MultiLayerConfiguration as MultiLayerConfiguration,
    NeuralNetConfiguration as NeuralNetConfiguration,
    RNNFormat as RNNFormat,
    WorkspaceMode as WorkspaceMode,
)
from org.deeplearning4j.nn.conf.constraint import (
    MaxNormConstraint as MaxNormConstraint,
    MinMaxNormConstraint as MinMaxNormConstraint,
    NonNegativeConstraint as NonNegativeConstraint,
    UnitNormConstraint as UnitNormConstraint,
)
from org.deeplearning4j.nn.conf.distribution import (
    ConstantDistribution as ConstantDistribution,
    NormalDistribution as NormalDistribution,
    OrthogonalDistribution as OrthogonalDistribution,
    TruncatedNormalDistribution as TruncatedNormalDistribution,
    UniformDistribution as UniformDistribution,
)
from org.deeplearning4j.nn.conf.dropout import (
    AlphaDropout as AlphaDropout,
    Dropout as Dropout,
    GaussianDropout as GaussianDropout,
    GaussianNoise as GaussianNoise,
    SpatialDropout as SpatialDropout,
)
from org.deeplearning4j.nn.conf.graph import (
    AttentionVertex as AttentionVertex,
    ElementWiseVertex as ElementWiseVertex,
    L2NormalizeVertex as L2NormalizeVertex,
    L2Vertex as L2Vertex,
    MergeVertex as MergeVertex,
    PreprocessorVertex as PreprocessorVertex,
    ReshapeVertex as ReshapeVertex,
    ScaleVertex as ScaleVertex,
    ShiftVertex as ShiftVertex,
    StackVertex as StackVertex,
    SubsetVertex as SubsetVertex,
    UnstackVertex as UnstackVertex,
)
from org.deeplearning4j.nn.conf.inputs import (
    InputType as InputType,
)
from org.deeplearning4j.nn.conf.layers import (
    ActivationLayer as ActivationLayer,
    AutoEncoder as AutoEncoder,
    BatchNormalization as BatchNormalization,
    CapsuleLayer as CapsuleLayer,
    CapsuleStrengthLayer as CapsuleStrengthLayer,
    CenterLossOutputLayer as CenterLossOutputLayer,
    Cnn3DLossLayer as Cnn3DLossLayer,
    CnnLossLayer as CnnLossLayer,
    Convolution1DLayer as Convolution1DLayer,
    Convolution3D as Convolution3D,
    ConvolutionLayer as ConvolutionLayer,
    Deconvolution2D as Deconvolution2D,
    Deconvolution3D as Deconvolution3D,
    DenseLayer as DenseLayer,
    DepthwiseConvolution2D as DepthwiseConvolution2D,
    DropoutLayer as DropoutLayer,
    EmbeddingLayer as EmbeddingLayer,
    EmbeddingSequenceLayer as EmbeddingSequenceLayer,
    GlobalPoolingLayer as GlobalPoolingLayer,
    GravesBidirectionalLSTM as GravesBidirectionalLSTM,
    GravesLSTM as GravesLSTM,
    LSTM as LSTM,
    LearnedSelfAttentionLayer as LearnedSelfAttentionLayer,
    LocalResponseNormalization as LocalResponseNormalization,
    LocallyConnected1D as LocallyConnected1D,
    LocallyConnected2D as LocallyConnected2D,
    LossLayer as LossLayer,
    OutputLayer as OutputLayer,
    PReLULayer as PReLULayer,
    PoolingType as PoolingType,
    PrimaryCapsules as PrimaryCapsules,
    RecurrentAttentionLayer as RecurrentAttentionLayer,
    RnnLossLayer as RnnLossLayer,
    RnnOutputLayer as RnnOutputLayer,
    SelfAttentionLayer as SelfAttentionLayer,
    SeparableConvolution2D as SeparableConvolution2D,
    SpaceToBatchLayer as SpaceToBatchLayer,
    SpaceToDepthLayer as SpaceToDepthLayer,
    Subsampling1DLayer as Subsampling1DLayer,
    Subsampling3DLayer as Subsampling3DLayer,
    SubsamplingLayer as SubsamplingLayer,
    Upsampling1D as Upsampling1D,
    Upsampling2D as Upsampling2D,
    Upsampling3D as Upsampling3D,
    ZeroPadding1DLayer as ZeroPadding1DLayer,
    ZeroPadding3DLayer as ZeroPadding3DLayer,
    ZeroPaddingLayer as ZeroPaddingLayer,
)
from org.deeplearning4j.nn.conf.layers.misc import (
    ElementWiseMultiplicationLayer as ElementWiseMultiplicationLayer,
    FrozenLayer as FrozenLayer,
    FrozenLayerWithBackprop as FrozenLayerWithBackprop,
    RepeatVector as RepeatVector,
)
from org.deeplearning4j.nn.conf.layers.recurrent import (
    Bidirectional as Bidirectional,
    LastTimeStep as LastTimeStep,
    SimpleRnn as SimpleRnn,
    TimeDistributed as TimeDistributed,
)
from org.deeplearning4j.nn.conf.layers.util import (
    MaskLayer as MaskLayer,
    MaskZeroLayer as MaskZeroLayer,
)
from org.deeplearning4j.nn.conf.preprocessor import (
    CnnToFeedForwardPreProcessor as CnnToFeedForwardPreProcessor,
    CnnToRnnPreProcessor as CnnToRnnPreProcessor,
    FeedForwardToCnnPreProcessor as FeedForwardToCnnPreProcessor,
    FeedForwardToRnnPreProcessor as FeedForwardToRnnPreProcessor,
    RnnToCnnPreProcessor as RnnToCnnPreProcessor,
    RnnToFeedForwardPreProcessor as RnnToFeedForwardPreProcessor,
)
from org.deeplearning4j.nn.graph import (
    ComputationGraph as ComputationGraph,
)
from org.deeplearning4j.nn.modelimport.keras import (
    KerasModelImport as KerasModelImport,
)
from org.deeplearning4j.nn.multilayer import (
    MultiLayerNetwork as MultiLayerNetwork,
)
from org.deeplearning4j.nn.transferlearning import (
    FineTuneConfiguration as FineTuneConfiguration,
    TransferLearning as TransferLearning,
    TransferLearningHelper as TransferLearningHelper,
)
from org.deeplearning4j.nn.weights import (
    WeightInit as WeightInit,
    WeightInitDistribution as WeightInitDistribution,
)
from org.deeplearning4j.optimize.api import (
    BaseTrainingListener as BaseTrainingListener,
    TrainingListener as TrainingListener,
)
from org.deeplearning4j.optimize.listeners import (
    CheckpointListener as CheckpointListener,
    CollectScoresIterationListener as CollectScoresIterationListener,
    EvaluativeListener as EvaluativeListener,
    PerformanceListener as PerformanceListener,
    ScoreIterationListener as ScoreIterationListener,
    TimeIterationListener as TimeIterationListener,
)
from org.deeplearning4j.util import (
    ModelSerializer as ModelSerializer,
)
from org.nd4j.autodiff.samediff import (
    SDVariable as SDVariable,
    SameDiff as SameDiff,
)
from org.nd4j.evaluation.classification import (
    ConfusionMatrix as ConfusionMatrix,
    Evaluation as Evaluation,
    EvaluationBinary as EvaluationBinary,
    EvaluationCalibration as EvaluationCalibration,
    ROC as ROC,
    ROCBinary as ROCBinary,
    ROCMultiClass as ROCMultiClass,
)
from org.nd4j.evaluation.regression import (
    RegressionEvaluation as RegressionEvaluation,
)
from org.nd4j.linalg.activations import (
    Activation as Activation,
    IActivation as IActivation,
)
from org.nd4j.linalg.api.buffer import (
    DataBuffer as DataBuffer,
    DataType as DataType,
)
from org.nd4j.linalg.api.ndarray import (
    INDArray as INDArray,
)
from org.nd4j.linalg.api.ops import (
    DynamicCustomOp as DynamicCustomOp,
)
from org.nd4j.linalg.dataset import (
    DataSet as DataSet,
    MultiDataSet as MultiDataSet,
    SplitTestAndTrain as SplitTestAndTrain,
)
from org.nd4j.linalg.dataset.api.iterator import (
    DataSetIterator as DataSetIterator,
    MultiDataSetIterator as MultiDataSetIterator,
)
from org.nd4j.linalg.dataset.api.preprocessor import (
    ImagePreProcessingScaler as ImagePreProcessingScaler,
    NormalizerMinMaxScaler as NormalizerMinMaxScaler,
    NormalizerStandardize as NormalizerStandardize,
)
from org.nd4j.linalg.factory import (
    Nd4j as Nd4j,
)
from org.nd4j.linalg.indexing import (
    BooleanIndexing as BooleanIndexing,
    INDArrayIndex as INDArrayIndex,
    NDArrayIndex as NDArrayIndex,
)
from org.nd4j.linalg.learning.config import (
    AMSGrad as AMSGrad,
    AdaBelief as AdaBelief,
    AdaDelta as AdaDelta,
    AdaGrad as AdaGrad,
    AdaMax as AdaMax,
    Adam as Adam,
    IUpdater as IUpdater,
    Nadam as Nadam,
    Nesterovs as Nesterovs,
    NoOp as NoOp,
    RmsProp as RmsProp,
    Sgd as Sgd,
)
from org.nd4j.linalg.learning.regularization import (
    L1Regularization as L1Regularization,
    L2Regularization as L2Regularization,
    Regularization as Regularization,
    WeightDecay as WeightDecay,
)
from org.nd4j.linalg.lossfunctions import (
    ILossFunction as ILossFunction,
    LossFunctions as LossFunctions,
)
from org.nd4j.linalg.lossfunctions.impl import (
    LossBinaryXENT as LossBinaryXENT,
    LossCosineProximity as LossCosineProximity,
    LossFMeasure as LossFMeasure,
    LossHinge as LossHinge,
    LossKLD as LossKLD,
    LossL1 as LossL1,
    LossL2 as LossL2,
    LossMAE as LossMAE,
    LossMAPE as LossMAPE,
    LossMCXENT as LossMCXENT,
    LossMSE as LossMSE,
    LossMSLE as LossMSLE,
    LossMixtureDensity as LossMixtureDensity,
    LossMultiLabel as LossMultiLabel,
    LossNegativeLogLikelihood as LossNegativeLogLikelihood,
    LossPoisson as LossPoisson,
    LossSparseMCXENT as LossSparseMCXENT,
    LossSquaredHinge as LossSquaredHinge,
    LossWasserstein as LossWasserstein,
)
from org.nd4j.linalg.ops.transforms import (
    Transforms as Transforms,
)
from org.nd4j.linalg.schedule import (
    CycleSchedule as CycleSchedule,
    ExponentialSchedule as ExponentialSchedule,
    FixedSchedule as FixedSchedule,
    ISchedule as ISchedule,
    InverseSchedule as InverseSchedule,
    MapSchedule as MapSchedule,
    PolySchedule as PolySchedule,
    RampSchedule as RampSchedule,
    ScheduleType as ScheduleType,
    SigmoidSchedule as SigmoidSchedule,
    StepSchedule as StepSchedule,
)
