"""The systems by name: a new one is a file beside this one and a line here.

A network is a module from planes (N, 1, rows, T) to logits (N, classes); a classical system is fitted at
once. Each is built from its own frozen dataclass of options, so that an option that it does not know is
refused.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from ml.config import FeatureConfig, ModelConfig
from ml.labels import LABELS
from ml.systems import (
    ann,
    cnn1d,
    cnn2d,
    cnn_lstm,
    gmm,
    logistic,
    lstm_transformer,
    mfcc_lstm,
    mscnn_spu,
    paper,
    parallel,
    recurrent,
    svm,
    svm_embedding,
    wav2vec2,
)
from ml.systems.interface import Classical, Shape

Build = Callable[[Shape, Any, int], Any]
SECONDS = 3.0


@dataclass(frozen=True)
class System:
    """How a system is called, where it comes from, what it may be told, and how it is built.

    `claim` is what its source says of it, on the source's own data and by its own protocol.
    """

    title: str
    source: str
    options: type[Any]
    build: Build
    classical: bool = False
    claim: str = ""


def _parallel(shape: Shape, options: parallel.ParallelOptions, classes: int) -> nn.Module:
    return parallel.Parallel(shape.features, options, classes)


BRAC = "Model parallelism (BRAC)"
SOUTHAMPTON = "Deep learning techniques in SER (Southampton)"
FLORIDA = "Real-time emotion recognition (Florida State)"
BOSTON = "Speech emotion recognition (Boston)"
ARANO = "Arano et al. 2021"
PENG = "Peng et al. 2021"

SYSTEMS: Mapping[str, System] = {
    "parallel": System(
        "Parallel CNNs and Transformer, ours", "this project", parallel.ParallelOptions, _parallel
    ),
    "paper": System(
        "Parallel CNNs and Transformer, as published",
        f"{BRAC}; Zenkov 2020",
        paper.PaperOptions,
        paper.Paper,
        claim="80.4 % (Zenkov): RAVDESS, random split, 150 clips and two noisy copies of each, epoch 429",
    ),
    "cnn1d": System(
        "1-D CNN",
        SOUTHAMPTON,
        cnn1d.Cnn1dOptions,
        cnn1d.Cnn1d,
        claim="99.8 %: TESS, random split of two actresses",
    ),
    "cnn2d": System(
        "2-D CNN on mel and MFCC",
        BOSTON,
        cnn2d.Cnn2dOptions,
        cnn2d.Cnn2d,
        claim="about 55 %: RAVDESS, SAVEE and CREMA-D mixed, random split",
    ),
    "rnn": System("RNN", f"{BRAC}; {SOUTHAMPTON}", recurrent.RnnOptions, recurrent.Rnn),
    "lstm": System(
        "LSTM", SOUTHAMPTON, recurrent.LstmOptions, recurrent.Lstm, claim="98.9 %: TESS, random split"
    ),
    "gru": System(
        "GRU 2 × 128", SOUTHAMPTON, recurrent.GruOptions, recurrent.Gru, claim="99.3 %: TESS, random split"
    ),
    "ann": System("ANN 4 × 256", SOUTHAMPTON, ann.AnnOptions, ann.Ann, claim="99.8 %: TESS, random split"),
    "cnn_lstm": System(
        "CNN + LSTM",
        FLORIDA,
        cnn_lstm.CnnLstmOptions,
        cnn_lstm.CnnLstm,
        claim="95 % in its abstract, above 80 % for some emotions in its conclusion: RAVDESS, random split",
    ),
    "mfcc_lstm": System(
        "MFCC-LSTM",
        ARANO,
        mfcc_lstm.MfccLstmOptions,
        mfcc_lstm.MfccLstm,
        claim="73 %: RAVDESS, as cited",
    ),
    "lstm_transformer": System(
        "LSTM + Transformer",
        "Andayani et al. 2022",
        lstm_transformer.LstmTransformerOptions,
        lstm_transformer.LstmTransformer,
        claim="72.5 to 85.6 %: RAVDESS, EMO-DB and others, as cited",
    ),
    "mscnn_spu": System(
        "MSCNN-SPU",
        PENG,
        mscnn_spu.MscnnOptions,
        mscnn_spu.Mscnn,
        claim="79.5 %: IEMOCAP, with text, as cited",
    ),
    "mscnn_spu_att": System(
        "MSCNN-SPU with attention",
        PENG,
        mscnn_spu.MscnnAttentionOptions,
        mscnn_spu.Mscnn,
        claim="80.3 %: IEMOCAP, with text, as cited",
    ),
    "logistic": System(
        "Logistic regression",
        BOSTON,
        logistic.LogisticOptions,
        logistic.Logistic,
        classical=True,
        claim="32.6 %: RAVDESS, SAVEE and CREMA-D mixed, random split",
    ),
    "svm": System("SVM on MFCC", f"{BRAC}; {ARANO}", svm.SvmOptions, svm.Svm, classical=True),
    "gmm": System("GMM per emotion", BRAC, gmm.GmmOptions, gmm.Gmm, classical=True),
    "svm_embedding": System(
        "SVM on MFCC and CNN embedding",
        ARANO,
        svm_embedding.SvmEmbeddingOptions,
        svm_embedding.SvmEmbedding,
        classical=True,
        claim="71 %: RAVDESS, as cited",
    ),
    "wav2vec2": System(
        "wav2vec2, fine-tuned",
        BOSTON,
        wav2vec2.Wav2Vec2Options,
        wav2vec2.Wav2Vec2,
        claim="about 47 %: RAVDESS, SAVEE and CREMA-D mixed, random split",
    ),
}


def plane_of(features: FeatureConfig, sample_rate: int = 16_000) -> Shape:
    """Return the shape of three seconds of the plane that `features.kind` names."""
    return Shape(features, features.rows, int(SECONDS * sample_rate) // features.hop_length + 1)


def _made(model: ModelConfig, shape: Shape, classes: int) -> Any:
    if model.system not in SYSTEMS:
        raise ValueError(f"unknown system {model.system!r}; known: {', '.join(SYSTEMS)}")
    system = SYSTEMS[model.system]
    try:
        chosen = system.options(**model.options)
    except TypeError as fault:
        raise ValueError(f"model.options of {model.system}: {fault}") from fault
    return system.build(shape, chosen, classes)


def build(
    model: ModelConfig, features: FeatureConfig, classes: int = len(LABELS), shape: Shape | None = None
) -> nn.Module:
    """Return the network that `model` names, freshly initialised from torch's global seed.

    Raises:
        ValueError: an unknown system, or an option that the system does not have, or one without a network.
    """
    if model.system in SYSTEMS and SYSTEMS[model.system].classical:
        raise ValueError(f"{model.system} has no network")
    network: nn.Module = _made(model, shape or plane_of(features), classes)
    return network


def build_classical(model: ModelConfig, shape: Shape, classes: int = len(LABELS)) -> Classical:
    """Return the classical system that `model` names, not yet fitted."""
    if model.system in SYSTEMS and not SYSTEMS[model.system].classical:
        raise ValueError(f"{model.system} is a network")
    system: Classical = _made(model, shape, classes)
    return system
