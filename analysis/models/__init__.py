"""What is heard in a recording, by which model, and how far that work has come.

A recording is the sound; an analysis is one model's hearing of it and, while it runs, the job row that
is the truth about that work (the broker is only a doorbell). Window estimates are kept as one packed
matrix per analysis: a row per window measured 100 to 220 times slower to write.
"""

from analysis.models.acoustics import AcousticMeasures
from analysis.models.alerts import Alert, AlertAction, AlertRule
from analysis.models.digests import Digest
from analysis.models.explanations import Explanation
from analysis.models.judgements import Judgement, Signature
from analysis.models.recordings import Recording, audio_path, canonical_path
from analysis.models.results import Summary, WindowMatrix
from analysis.models.versions import ModelVersion
from analysis.models.work import Analysis, Job, TrainingRun

__all__ = [
    "AcousticMeasures",
    "Alert",
    "AlertAction",
    "AlertRule",
    "Analysis",
    "Digest",
    "Explanation",
    "Job",
    "Judgement",
    "ModelVersion",
    "Recording",
    "Signature",
    "Summary",
    "TrainingRun",
    "WindowMatrix",
    "audio_path",
    "canonical_path",
]
