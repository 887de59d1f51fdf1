"""Numbers with decimals, as the reader's language writes them: 0.25 in English, 0,25 in German."""

from __future__ import annotations

from django.utils.formats import get_format


def decimal(value: float, digits: int) -> str:
    """Rounded, which ``number_format`` would cut off instead; with a minus sign, not a hyphen."""
    text = f"{value:.{digits}f}"
    if not float(text):
        text = text.lstrip("-")
    return text.replace("-", "−").replace(".", separators()[0])


def signed_decimal(value: float, digits: int) -> str:
    """With its sign, plus or minus."""
    text = decimal(value, digits)
    return text if text.startswith("−") else f"+{text}"


def separators() -> str:
    """Of decimals and of thousands, as Plotly takes both."""
    return str(get_format("DECIMAL_SEPARATOR")) + str(get_format("THOUSAND_SEPARATOR"))
