"""The rows of long lists and tables, written in one go: a template takes several times as long for each.

What is dynamic is escaped here as a template would escape it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from html import escape  # Django's gives the same, in five times the time
from typing import TYPE_CHECKING, Any

from django import template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from analysis.wording.captions import day as day_of
from analysis.wording.captions import days
from analysis.wording.phrases import clock
from ser_clinic.templatetags.display import day, icon, percent

if TYPE_CHECKING:
    from analysis.charts.drawings import Sparkline
    from analysis.charts.tables import TrendRow
    from analysis.trends.marks import Mark
    from analysis.views.patient import Line

register = template.Library()

BETWEEN = '</td><td class="number">'
# Separators that no text holds: what lies between them is escaped in one go.
NEXT, THEN, END, NOTHING = "\x1e", "\x1f", "\x03", "\x1a"


@register.simple_tag
def share_rows(rows: Iterable[TrendRow]) -> SafeString:
    """The body of a table of shares."""
    return mark_safe("".join(map(_share_row, rows)))


def _share_row(row: TrendRow) -> str:
    name = escape(row.name)
    head = f'<a href="{escape(row.link)}">{name}</a>' if row.link else name
    if row.note:
        return f'<tr>{_head(head)}<td colspan="10" class="muted">{escape(row.note)}</td></tr>'
    return f"<tr>{_head(head)}{_numbers([*row.cells, percent(row.unsure), clock(row.speech_s)])}</tr>"


@register.simple_tag
def control_rows(rows: Iterable[Mapping[str, Any]]) -> SafeString:
    """The body of the table of a control chart, a row for each day."""
    yes = escape(_("yes"))
    columns = ("value", "z", "ewma", "up", "down")
    return mark_safe(
        "".join(
            f"<tr>{_head(day_of(row['day']))}{_numbers([row[name] for name in columns])}"
            f"<td>{yes if row['in_run'] else ''}</td></tr>"
            for row in rows
        )
    )


def _head(name: str) -> str:
    return f'<th scope="row" class="nowrap">{name}</th>'


def _numbers(cells: Iterable[str]) -> str:
    return f'<td class="number">{escape(chr(10).join(cells)).replace(chr(10), BETWEEN)}</td>'


@register.simple_tag
def session_lines(lines: Iterable[Line]) -> SafeString:
    """The items of the list of sessions."""
    return mark_safe("".join(map(_session_line, lines)))


def _session_line(line: Line) -> str:
    point = line.point
    notes = point.heard.notes if point.heard and point.counts and point.heard.quality else []
    parts = [
        f'<li class="session-line{" is-voided" if point.is_voided else ""}">',
        f'<a class="when" href="{escape(line.address)}">{day(point.held_at)}</a>',
        f'<span class="kind muted">{escape(str(point.kind))}</span>',
        f'<span class="result">{_icon(line.icon)}{escape(line.result)}</span>',
        f'<span class="speech muted">{escape(line.speech)}</span>',
        f'<span class="sure muted">{escape(line.sure)}</span>',
    ]
    if line.with_results and not point.is_voided:
        is_open = " is-open" if line.review.is_none else ""
        words = f"{_icon(line.review_icon)}{escape(line.reviewed)}"
        parts.append(f'<span class="review{is_open}">{words}</span>')
    if notes:
        parts.append(f'<span class="quality-notes">{_icon("info")}{escape(" ".join(notes))}</span>')
    return "\n".join([*parts, "</li>\n"])


@register.simple_tag
def mark_items(marks: Iterable[Mark]) -> SafeString:
    """The items of the list of marks."""
    return mark_safe("".join(map(_mark_item, marks)))


def _mark_item(mark: Mark) -> str:
    return (
        f'<li><span class="mark mark-{escape(mark.kind)}" aria-hidden="true"></span>'
        f'<span class="mark-number">{mark.number}</span> '
        f"<span>{escape(days(mark.on, mark.until))} · {escape(mark.words)}</span></li>"
    )


@register.simple_tag
def voice_lines(rows: Iterable[tuple[str, datetime, Sequence[tuple[str, str] | None]]]) -> SafeString:
    """The body of the table of acoustic measures: of each session its address, time, values and intervals."""
    words = escape(_("not measured"))
    absent = f'<span aria-hidden="true">–</span><span class="visually-hidden">{words}</span>'
    return mark_safe(
        "".join(
            f'<tr>{_head(f"""<a href="{escape(link)}">{day_of(held_at)}</a>""")}<td class="number">'
            + _values(cells).replace(NOTHING, absent)
            + "</td></tr>"
            for link, held_at, cells in rows
        )
    )


def _values(cells: Iterable[tuple[str, str] | None]) -> str:
    """Values and their intervals, escaped all at once; what is absent is left as a mark."""
    marked = NEXT.join(THEN.join(cell) + END if cell else NOTHING for cell in cells)
    closed = escape(marked).replace(END, "</span>")
    return closed.replace(THEN, ' <span class="meta">').replace(NEXT, BETWEEN)


@register.simple_tag
def sparkline(spark: Sparkline) -> SafeString:
    """The small picture of a line of the caseload, and what it shows last."""
    paths = (
        ("usual", spark.band_path),
        ("line", spark.path),
        ("spots", spark.spots),
        ("spots last-spot", spark.last_spot),
    )
    drawn = "".join(f'<path class="{name}" d="{escape(path)}"/>' for name, path in paths)
    return mark_safe(
        f'<svg class="sparkline emotion-{spark.emotion}" viewBox="0 0 96 28" width="96" height="28" '
        f'aria-hidden="true">{drawn}</svg>'
        f'<span class="spark-label">{escape(spark.label)} <b>{escape(spark.latest)}</b></span>'
    )


def _icon(name: str) -> str:
    return icon(name) if name else ""
