"""The exploratory step as a folder: a page with tables and pictures, and the manifest beside it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from ml.corpora.catalogue import CORPORA
from ml.corpora.describe import SHOWN_FILES, description, missing_count, plain
from ml.corpora.manifest import Scan, Utterance
from ml.corpora.table import write_table
from ml.exploration import plots

Plot = Callable[[Sequence[Utterance]], Figure]

PLOTS: Mapping[str, tuple[str, Plot]] = {
    "emotions": ("Clips of each emotion, by sex", plots.counts_by_emotion),
    "durations": ("Seconds of the clips of each emotion", plots.durations_by_emotion),
    "speakers": ("Clips of each speaker", plots.clips_by_speaker),
    "sounds": ("One clip of each emotion, by one speaker", plots.sounds_of_emotions),
}

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse }
th, td { text-align: left; padding: .25rem 1rem .25rem 0; vertical-align: top }
figure { margin: 2rem 0 } figcaption { color: #5B6472 } img { max-width: 100% }
"""


def write_report(scans: Mapping[str, Scan], folder: Path) -> Path:
    """Write `index.html`, its pictures and `manifest.csv` into `folder`; return the page's path."""
    folder.mkdir(parents=True, exist_ok=True)
    write_table((u for scan in scans.values() for u in scan.utterances), folder / "manifest.csv")
    sections = [section for name, scan in scans.items() for section in _section(name, scan, folder)]
    page = folder / "index.html"
    page.write_text("\n".join([*_head(), *sections, ""]), encoding="utf-8")
    return page


def _head() -> Iterator[str]:
    yield "<!doctype html>"
    yield '<html lang="en"><meta charset="utf-8"><title>What the corpora hold</title>'
    yield f"<style>{_STYLE}</style>"
    yield "<h1>What the corpora hold</h1>"
    yield '<p>Every clip is a line of the <a href="manifest.csv">manifest</a>.</p>'


def _section(name: str, scan: Scan, folder: Path) -> Iterator[str]:
    corpus, described = CORPORA[name], description(scan)
    yield f"<h2>{escape(corpus.title)}</h2>"
    yield f"<p>{escape(corpus.citation)} Licence: {escape(corpus.licence)}.</p>"
    yield "<table>"
    cells = {key: _cell(value) for key, value in described.items()}
    cells["missing"] = _files(missing_count(described), described["missing"])
    del cells["missing_unnamed"]  # is told with the others
    for key, cell in cells.items():
        yield f"<tr><th>{key.replace('_', ' ')}</th><td>{escape(cell)}</td></tr>"
    yield "</table>"
    for kind, (caption, plot) in PLOTS.items():
        image = f"{name}-{kind}.png"
        plot(scan.utterances).savefig(folder / image, dpi=110)
        yield f'<figure><img src="{image}" alt="{caption}: {escape(corpus.title)}">'
        yield f"<figcaption>{caption}</figcaption></figure>"


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return _files(str(len(value)), value)
    if isinstance(value, dict) and any(isinstance(inner, dict) for inner in value.values()):
        return "; ".join(f"{key}: {plain(inner)}" for key, inner in value.items())
    return plain(value)


def _files(count: str, files: Sequence[Any]) -> str:
    """Return their count and the first of them, which are names or, with a reason, dictionaries."""
    shown = [
        f"{Path(file['file']).name} ({file['reason']})" if isinstance(file, dict) else file
        for file in files[:SHOWN_FILES]
    ]
    more = [f"and {len(files) - SHOWN_FILES} more"] if len(files) > SHOWN_FILES else []
    return f"{count}: {'; '.join([*shown, *more])}" if files else "none" if count == "0" else count
