"""Like is compared with like: a telephone's narrow band alone shifts what speech sounds like."""

from analysis.charts.palette import LIGHT
from analysis.charts.small_multiples import draw
from analysis.trends.excerpts import excerpt
from analysis.trends.reading import patient_trend
from tests.analysis.hearing import make_course, mixture
from tests.cast import Cast, cast

__all__ = ["cast"]


def on_the_telephone(cast: Cast, sessions: list[bool]) -> None:
    shares = [mixture(happy=0.7) if phone else mixture(calm=0.5) for phone in sessions]
    made = make_course(cast.treats, cast.patient, shares)
    for session, phone in zip(made, sessions, strict=True):
        for recording in session.recordings.all():
            for analysis in recording.analyses.all():
                analysis.summary.quality = ["band_limited"] if phone else []
                analysis.summary.save()


def test_one_call_among_visits_is_drawn_but_widens_no_usual(cast: Cast) -> None:
    on_the_telephone(cast, [False, False, True, False, False, False, False, False])
    trend = patient_trend(cast.patient)
    assert len(trend.compared) == 7
    assert trend.set_apart == {trend.points[2].session_id}
    assert trend.comparison.usual is not None
    assert float(trend.comparison.usual.high[2]) < 0.3  # happy, as heard in the visits
    figure = draw(excerpt(trend), LIGHT, columns=4, reference="R-0412")
    beside = [trace for trace in figure["data"] if trace["shared"] == "beside"]
    assert len(beside) == 8  # a diamond in each plot, off the line
    assert {trace["marker"]["symbol"] for trace in beside} == {"diamond"}
    assert str(trend.points[2].session_id) in figure["shared"]["beside"]["customdata"][0][0]


def test_a_patient_who_always_calls_is_compared_with_their_calls(cast: Cast) -> None:
    on_the_telephone(cast, [True] * 7 + [False])
    trend = patient_trend(cast.patient)
    assert len(trend.compared) == 7
    assert trend.set_apart == {trend.points[7].session_id}
