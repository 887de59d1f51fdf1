"""Clips as the flagship's networks hear them: computed once for all folds and seeds of one process."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
from threadpoolctl import threadpool_limits

from ml import augment
from ml.config import ExperimentConfig
from ml.corpora.manifest import Utterance
from ml.dataset import Alter, Clip, Floats, prepare

FEATURE_SEED = 0
"""Noise of augmented versions is the same for all folds and seeds, so that clips are computed once."""

NOISE_DB = 10.0
RT60_S = 0.6
OVERDRIVE_DB = 12.0
ALTERED: Mapping[str, Alter] = MappingProxyType(
    {
        "noise": lambda waveform, rng: augment.add_white_noise(waveform, NOISE_DB, rng),
        "phone": lambda waveform, rng: augment.telephone(waveform),
        "room": lambda waveform, rng: augment.reverberate(waveform, augment.room_response(RT60_S, rng)),
        "clipping": lambda waveform, rng: augment.overdrive(waveform, OVERDRIVE_DB),
    }
)
"""What clips are put through to see what it costs: the same for every network, and none is chosen by it."""
EIGHT_BITS = "eight_bits"
"""Beside these: the unaltered clips as the graph in eight bits hears them (`ml.eight_bits`)."""


class Listening:
    """The clips of one experiment, kept as they are computed."""

    def __init__(self, cfg: ExperimentConfig) -> None:
        self.cfg = cfg
        self._kept: dict[tuple[str, str], Clip] = {}

    def training(self, utterances: Sequence[Utterance]) -> list[Clip]:
        """Return the clips with their augmented versions."""
        return self._clips(utterances, "training")

    def testing(self, utterances: Sequence[Utterance], altered: str = "") -> list[Clip]:
        """Return the clips whole and unaltered, or put through what `ALTERED` names."""
        return self._clips(utterances, altered)

    def _clips(self, utterances: Sequence[Utterance], way: str) -> list[Clip]:
        with threadpool_limits(limits=1, user_api="blas"):  # see `ml.dataset.prepare_all`
            return [self._clip(utterance, way) for utterance in utterances]

    def _clip(self, utterance: Utterance, way: str) -> Clip:
        key = way, utterance.key
        if key not in self._kept:
            alter = ALTERED.get(way)
            self._kept[key] = prepare(utterance, self.cfg, FEATURE_SEED, way == "training", alter)
        return replace(self._kept[key], utterance=utterance)  # whose emotion is the protocol's


def by_speaker(clips: Sequence[Clip], judged_by: Sequence[Clip]) -> list[Clip]:
    """Move each speaker's mean log-mel spectrum to that of all speakers; no label is used.

    The means are those of the unaltered planes of `judged_by`, which must hold every speaker of `clips`.
    """
    sums: dict[str, list[Floats]] = defaultdict(list)
    for clip in judged_by:
        sums[clip.utterance.speaker].append(clip.planes[0].mean(axis=0))
    means = {speaker: np.mean(rows, axis=0) for speaker, rows in sums.items()}
    everyone = np.mean(list(means.values()), axis=0)
    return [
        replace(
            clip, planes=tuple(plane + (everyone - means[clip.utterance.speaker]) for plane in clip.planes)
        )
        for clip in clips
    ]
