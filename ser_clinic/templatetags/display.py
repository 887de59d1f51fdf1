"""How the pages write numbers, times and icons: the same everywhere, whichever app asks."""

from datetime import datetime, timedelta
from functools import cache, lru_cache

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, get_language_info, ngettext
from django.utils.translation import gettext as _

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
        return _written(timezone.localtime(moment), "j M Y")
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
    return _time(moment, ago(moment, timezone.now()), _written(timezone.localtime(moment), "j F Y, H:i"))


@register.simple_tag
def day(moment: datetime | None) -> SafeString | str:
    """The day as the clinic writes it, with the hour on hover."""
    if moment is None:
        return "–"
    local = timezone.localtime(moment)
    return _time(moment, _written(local, "j M Y"), _written(local, "l, j F Y, H:i"))


@register.simple_tag
def visit(moment: datetime | None) -> SafeString | str:
    """An appointment: its weekday and hour while it is near, its day when it is not."""
    if moment is None:
        return "–"
    local = timezone.localtime(moment)
    is_near = timedelta(0) <= moment - timezone.now() < timedelta(days=6)
    return _time(
        moment, _written(local, "D H:i" if is_near else "j M, H:i"), _written(local, "l, j F Y, H:i")
    )


def _time(moment: datetime, text: str, title: str) -> SafeString:
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), title, text)


def _written(local: datetime, how: str) -> str:
    return _kept_written(local.replace(tzinfo=None, second=0, microsecond=0), how, get_language())


@lru_cache(maxsize=20_000)  # a list names hundreds of moments, the same ones at every look
def _kept_written(local: datetime, how: str, _language: str | None) -> str:
    """A moment of the clinic's clock; ``how`` names nothing smaller than a minute and no zone."""
    return str(date_format(local, how))


@register.simple_tag
def languages() -> list[tuple[str, str]]:
    """The languages of the pages, each by the name that its speakers give it."""
    return list(settings.LANGUAGES)
