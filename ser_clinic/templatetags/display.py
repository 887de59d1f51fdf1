"""How the pages write numbers, times and icons: the same everywhere, whichever app asks."""

from datetime import date, datetime, timedelta
from functools import cache
from html import escape  # Django's gives the same, in five times the time

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language_info, ngettext
from django.utils.translation import gettext as _

from analysis.wording.dates import months, written
from analysis.wording.phrases import clock

register = template.Library()
register.filter(clock)


@register.simple_tag
@cache  # a list shows hundreds
def icon(name: str) -> SafeString:
    """One picture of ``static/icons.svg``, hidden from screen readers: the words beside it say the same."""
    return format_html(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>',
        static("icons.svg"),
        name,
    )


@register.filter
def percent(share: float | None) -> str:
    """A share between 0 and 1 in whole per cent; no share at all is a dash, not a zero."""
    return "–" if share is None else f"{share * 100:.0f}\u202f%"


@register.filter
def language_name(code: str) -> str:
    """A language by its name, "German" for ``de``; one that Django has no name for by its code."""
    try:
        return str(_(get_language_info(code)["name"]))
    except KeyError:
        return code


BROWSERS = {"Edg": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari"}
SYSTEMS = {
    "Windows": "Windows",
    "Android": "Android",
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Mac OS X": "Mac",
    "Linux": "Linux",
}


@register.filter
def browser(agent: str) -> str:
    """A browser by the name that its user knows, from what it calls itself: “Firefox, Windows”."""
    marks = (BROWSERS, SYSTEMS)  # each in the order in which one pretends to be the next
    found = [next((name for mark, name in names.items() if mark in agent), None) for names in marks]
    return ", ".join(filter(None, found)) or agent[:40] or _("unknown")


def ago(moment: datetime, now: datetime) -> str:
    """How long ago, in the largest unit that fits; the future and far past as a date."""
    elapsed = now - moment
    days = (timezone.localdate(now) - timezone.localdate(moment)).days
    if elapsed < timedelta(0) or days >= 60:
        return written(timezone.localtime(moment), "j M Y")
    if days >= 14:
        return ngettext("%(n)d wk ago", "%(n)d wk ago", days // 7) % {"n": days // 7}
    if days >= 1:
        return _("yesterday") if days == 1 else _("%(n)d d ago") % {"n": days}
    if elapsed >= timedelta(hours=1):
        return _("%(n)d h ago") % {"n": elapsed // timedelta(hours=1)}
    if elapsed >= timedelta(minutes=1):
        return _("%(n)d min ago") % {"n": elapsed // timedelta(minutes=1)}
    return _("just now")


@register.simple_tag
def since(moment: datetime | None) -> SafeString | str:
    """ "2 d ago", with the full date on hover and for machines."""
    if moment is None:
        return "–"
    return _time(moment, ago(moment, timezone.now()), written(timezone.localtime(moment), "j F Y, H:i"))


@register.simple_tag
def day(moment: datetime | None) -> SafeString | str:
    """The day as the clinic writes it, with the hour on hover."""
    if moment is None:
        return "–"
    local = timezone.localtime(moment)
    return _time(moment, written(local, "j M Y"), written(local, "l, j F Y, H:i"))


@register.filter(expects_localtime=True)
def dated(moment: date | None, how: str) -> str:
    """Like ``date``, with one of ``patients.dates.FORMATS``, in the order of the reader's language."""
    return written(moment, how) if moment else ""


@register.simple_tag
def today() -> str:
    return written(timezone.localdate(), "j M Y")


@register.simple_tag
def short_months() -> str:
    """For the axes of charts: the twelve names, parted by commas."""
    return ",".join(months())


@register.simple_tag
def visit(moment: datetime | None) -> SafeString | str:
    """An appointment: its weekday and hour while it is near, its day when it is not."""
    if moment is None:
        return "–"
    local = timezone.localtime(moment)
    is_near = timedelta(0) <= moment - timezone.now() < timedelta(days=6)
    return _time(moment, written(local, "D H:i" if is_near else "j M, H:i"), written(local, "l, j F Y, H:i"))


def _time(moment: datetime, text: str, title: str) -> SafeString:
    words = f'title="{escape(title)}">{escape(text)}'
    return mark_safe(f'<time datetime="{moment.isoformat()}" {words}</time>')


@register.simple_tag
def languages() -> list[tuple[str, str]]:
    """The languages of the pages, each by the name that its speakers give it."""
    return list(settings.LANGUAGES)
