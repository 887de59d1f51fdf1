"""Augmentation, for training clips and no others: waveforms in numpy, once; planes in torch, every epoch.

Each is a pure function of its arguments and of the generator that it is given.
"""

from ml.augment.channel import Channel
from ml.augment.masks import SpecAugment
from ml.augment.mixing import copy_paste, mixup, partners
from ml.augment.noise import add_white_noise
from ml.augment.overdrive import overdrive
from ml.augment.phone import telephone
from ml.augment.room import reverberate, room_response
from ml.augment.strangers import Strangers
from ml.augment.tempo import change_speed, shift_pitch, stretch_time
from ml.augment.variants import variants

__all__ = [
    "Channel",
    "SpecAugment",
    "Strangers",
    "add_white_noise",
    "change_speed",
    "copy_paste",
    "mixup",
    "overdrive",
    "partners",
    "reverberate",
    "room_response",
    "shift_pitch",
    "stretch_time",
    "telephone",
    "variants",
]
