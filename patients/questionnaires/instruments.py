"""PHQ-9 and GAD-7 in their official wording, with the bands and figures that their authors published.

Both were developed by R. L. Spitzer, J. B. W. Williams, K. Kroenke and colleagues with a grant from Pfizer
Inc., which lets anyone reproduce, translate, display and distribute them. The words are kept here and not in
the catalogue of translations: a questionnaire is valid in the wording that was studied, so each language has
its official version or none.

PHQ-9: Kroenke, Spitzer & Williams, J Gen Intern Med 2001;16:606–613. German: Löwe, Spitzer, Zipfel & Herzog,
PHQ-D, 2nd ed. 2002. GAD-7: Spitzer, Kroenke, Williams & Löwe, Arch Intern Med 2006;166:1092–1097. German:
Löwe et al., Med Care 2008;46:266–274. What was checked against which reprint stands in ``docs/change.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from patients.models import Instrument

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ANSWERS = (0, 1, 2, 3)
SOURCE = "en"


@dataclass(frozen=True)
class Wording:
    """One language's official version."""

    stem: str
    items: tuple[str, ...]
    choices: tuple[str, str, str, str]
    difficulty: str
    difficulty_choices: tuple[str, str, str, str]


@dataclass(frozen=True)
class Band:
    """Totals from ``low`` to ``high``, both included."""

    low: int
    high: int
    label: StrOrPromise


@dataclass(frozen=True)
class Questionnaire:
    """``sd`` and ``reliability`` are what the reliable change is computed from; ``important`` is the minimal
    important difference, in points. ``may_miss`` items at most are made up for by the mean of the others.
    """

    instrument: Instrument
    measures: StrOrPromise
    bands: tuple[Band, ...]
    may_miss: int
    sd: float
    reliability: float
    important: int
    safety_item: int | None  # counted from 0
    wordings: Mapping[str, Wording]

    @property
    def name(self) -> str:
        return str(self.instrument.label)

    @property
    def length(self) -> int:
        return len(self.wordings[SOURCE].items)

    @property
    def highest(self) -> int:
        return self.length * ANSWERS[-1]

    def language(self, wished: str | None = None) -> str:
        """The language it is asked in: the reader's where there is an official version, else English."""
        spoken = (wished or get_language() or SOURCE).split("-")[0].lower()
        return spoken if spoken in self.wordings else SOURCE

    def wording(self, wished: str | None = None) -> Wording:
        return self.wordings[self.language(wished)]

    def band(self, total: int) -> Band:
        return next(band for band in self.bands if band.low <= total <= band.high)


EN_CHOICES = ("Not at all", "Several days", "More than half the days", "Nearly every day")
EN_STEM = "Over the last 2 weeks, how often have you been bothered by any of the following problems?"
EN_DIFFICULTY = (
    "If you checked off any problems, how difficult have these problems made it for you to do your work, "
    "take care of things at home, or get along with other people?"
)
EN_DIFFICULTIES = ("Not difficult at all", "Somewhat difficult", "Very difficult", "Extremely difficult")
DE_CHOICES = ("Überhaupt nicht", "An einzelnen Tagen", "An mehr als der Hälfte der Tage", "Beinahe jeden Tag")
DE_STEM = (
    "Wie oft fühlten Sie sich im Verlauf der letzten 2 Wochen durch die folgenden Beschwerden beeinträchtigt?"
)
DE_DIFFICULTY = (
    "Wenn eines oder mehrere dieser Probleme bei Ihnen vorliegen, geben Sie bitte an, wie sehr diese "
    "Probleme es Ihnen erschwert haben, Ihre Arbeit zu erledigen, Ihren Haushalt zu regeln oder mit anderen "
    "Menschen zurecht zu kommen:"
)
DE_DIFFICULTIES = (
    "Überhaupt nicht erschwert",
    "Etwas erschwert",
    "Relativ stark erschwert",
    "Sehr stark erschwert",
)

PHQ9 = Questionnaire(
    instrument=Instrument.PHQ9,
    measures=_("depressive symptoms"),
    bands=(
        Band(0, 4, _("minimal")),
        Band(5, 9, _("mild")),
        Band(10, 14, _("moderate")),
        Band(15, 19, _("moderately severe")),
        Band(20, 27, _("severe")),
    ),
    # Up to two are made up for: Kroenke et al., Gen Hosp Psychiatry 2010;32:345–359, as applied by Arrieta
    # et al., J Clin Psychol 2017;73:1076–1090.
    may_miss=2,
    # The 41 patients whom an interview found to have major depression (mean 17.1), and Cronbach's alpha in
    # the primary care sample: Kroenke et al. 2001.
    sd=6.1,
    reliability=0.89,
    important=5,  # Löwe et al., Med Care 2004;42:1194–1201
    safety_item=8,
    wordings={
        "en": Wording(
            stem=EN_STEM,
            items=(
                "Little interest or pleasure in doing things",
                "Feeling down, depressed, or hopeless",
                "Trouble falling or staying asleep, or sleeping too much",
                "Feeling tired or having little energy",
                "Poor appetite or overeating",
                "Feeling bad about yourself — or that you are a failure or have let yourself or your "
                "family down",
                "Trouble concentrating on things, such as reading the newspaper or watching television",
                "Moving or speaking so slowly that other people could have noticed? Or the opposite — being "
                "so fidgety or restless that you have been moving around a lot more than usual",
                "Thoughts that you would be better off dead or of hurting yourself in some way",
            ),
            choices=EN_CHOICES,
            difficulty=EN_DIFFICULTY,
            difficulty_choices=EN_DIFFICULTIES,
        ),
        "de": Wording(
            stem=DE_STEM,
            items=(
                "Wenig Interesse oder Freude an Ihren Tätigkeiten",
                "Niedergeschlagenheit, Schwermut oder Hoffnungslosigkeit",
                "Schwierigkeiten ein- oder durchzuschlafen oder vermehrter Schlaf",
                "Müdigkeit oder Gefühl, keine Energie zu haben",
                "Verminderter Appetit oder übermäßiges Bedürfnis zu essen",
                "Schlechte Meinung von sich selbst; Gefühl, ein Versager zu sein oder die Familie enttäuscht "
                "zu haben",
                "Schwierigkeiten, sich auf etwas zu konzentrieren, z. B. beim Zeitunglesen oder Fernsehen",
                "Waren Ihre Bewegungen oder Ihre Sprache so verlangsamt, dass es auch anderen auffallen "
                "würde? Oder waren Sie im Gegenteil „zappelig“ oder ruhelos und hatten dadurch einen "
                "stärkeren Bewegungsdrang als sonst?",
                "Gedanken, dass Sie lieber tot wären oder sich Leid zufügen möchten",
            ),
            choices=DE_CHOICES,
            difficulty=DE_DIFFICULTY,
            difficulty_choices=DE_DIFFICULTIES,
        ),
    },
)

GAD7 = Questionnaire(
    instrument=Instrument.GAD7,
    measures=_("anxiety symptoms"),
    bands=(
        Band(0, 4, _("minimal")),
        Band(5, 9, _("mild")),
        Band(10, 14, _("moderate")),
        Band(15, 21, _("severe")),
    ),
    # A fifth of the items at most, as Kroenke et al. 2010 have it for this family of questionnaires.
    may_miss=1,
    # The 73 patients whom an interview found to have generalised anxiety disorder (mean 14.4), and Cronbach's
    # alpha: Spitzer et al. 2006. In the German population alpha is 0.89 (Löwe et al. 2008).
    sd=4.7,
    reliability=0.92,
    important=4,  # Toussaint et al., J Affect Disord 2020;265:395–401
    safety_item=None,
    wordings={
        "en": Wording(
            stem=EN_STEM,
            items=(
                "Feeling nervous, anxious or on edge",
                "Not being able to stop or control worrying",
                "Worrying too much about different things",
                "Trouble relaxing",
                "Being so restless that it is hard to sit still",
                "Becoming easily annoyed or irritable",
                "Feeling afraid as if something awful might happen",
            ),
            choices=EN_CHOICES,
            difficulty=EN_DIFFICULTY,
            difficulty_choices=EN_DIFFICULTIES,
        ),
        "de": Wording(
            stem=DE_STEM,
            items=(
                "Nervosität, Ängstlichkeit oder Anspannung",
                "Nicht in der Lage sein, Sorgen zu stoppen oder zu kontrollieren",
                "Übermäßige Sorgen bezüglich verschiedener Angelegenheiten",
                "Schwierigkeiten zu entspannen",
                "Rastlosigkeit, so dass Stillsitzen schwer fällt",
                "Schnelle Verärgerung oder Gereiztheit",
                "Gefühl der Angst, so als würde etwas Schlimmes passieren",
            ),
            choices=DE_CHOICES,
            difficulty=DE_DIFFICULTY,
            difficulty_choices=DE_DIFFICULTIES,
        ),
    },
)

QUESTIONNAIRES: Mapping[str, Questionnaire] = {Instrument.PHQ9: PHQ9, Instrument.GAD7: GAD7}
