"""Catalogues of translations, compiled without gettext's tools: `python -m ser_clinic.catalogues`.

Translators edit ``locale/*/LC_MESSAGES/django.po``; programs read the ``.mo`` beside it, which is committed,
so that nobody needs anything more than Python to run the clinic in its languages.
"""

from __future__ import annotations

import ast
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "locale"
MAGIC = 0x950412DE
FIELDS = ("msgctxt", "msgid_plural", "msgid", "msgstr")  # the longer of two alike first


@dataclass
class Entry:
    """One message with its translation, and one for each plural form where it counts something."""

    msgid: str = ""
    msgctxt: str | None = None
    msgid_plural: str | None = None
    msgstr: dict[int, str] = field(default_factory=dict)
    flags: set[str] = field(default_factory=set)

    @property
    def is_translated(self) -> bool:
        return bool(self.msgstr) and all(self.msgstr.values()) and "fuzzy" not in self.flags

    @property
    def key(self) -> bytes:
        """As a compiled catalogue names it."""
        context = "" if self.msgctxt is None else f"{self.msgctxt}\x04"
        plural = "" if self.msgid_plural is None else f"\0{self.msgid_plural}"
        return f"{context}{self.msgid}{plural}".encode()

    @property
    def value(self) -> bytes:
        return "\0".join(self.msgstr[place] for place in sorted(self.msgstr)).encode()


def read(path: Path) -> list[Entry]:
    """Every message of a ``.po`` file that is in use, the header first."""
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    return [entry for entry in map(_entry, blocks) if entry is not None]


def _entry(block: str) -> Entry | None:
    entry, last, seen = Entry(), ("", 0), False
    for line in block.splitlines():
        if line.startswith("#,"):
            entry.flags |= {flag.strip() for flag in line[2:].split(",")}
        elif line.startswith('"'):
            _add(entry, last, line)
        elif not line.startswith("#") and line.strip():
            name = next(name for name in FIELDS if line.startswith(name))
            rest = line[len(name) :].strip()
            place = 0
            if rest.startswith("["):
                number, rest = rest[1:].split("]", 1)
                place = int(number)
            last, seen = (name, place), True
            _add(entry, last, rest.strip())
    return entry if seen else None


def _add(entry: Entry, where: tuple[str, int], quoted: str) -> None:
    name, place = where
    words: str = ast.literal_eval(quoted)
    if name == "msgstr":
        entry.msgstr[place] = entry.msgstr.get(place, "") + words
    else:
        setattr(entry, name, (getattr(entry, name) or "") + words)


def compiled(entries: list[Entry]) -> bytes:
    """The same as a ``.mo`` file: GNU's format, version 0, without a hash table."""
    told = sorted((entry.key, entry.value) for entry in entries if entry.is_translated)
    start = 28 + 16 * len(told)
    keys = b"".join(key + b"\0" for key, _ in told)
    values = b"".join(value + b"\0" for _, value in told)
    head = struct.pack("<7I", MAGIC, 0, len(told), 28, 28 + 8 * len(told), 0, start)
    tables = [
        *_places([key for key, _ in told], start),
        *_places([value for _, value in told], start + len(keys)),
    ]
    return head + struct.pack(f"<{len(tables)}I", *tables) + keys + values


def _places(texts: list[bytes], start: int) -> Iterator[int]:
    for text in texts:
        yield from (len(text), start)
        start += len(text) + 1


def main() -> None:
    for source in sorted(FOLDER.glob("*/LC_MESSAGES/*.po")):
        entries = read(source)
        source.with_suffix(".mo").write_bytes(compiled(entries))
        missing = sum(not entry.is_translated for entry in entries)
        print(f"{source.relative_to(FOLDER)}: {len(entries) - 1} messages, {missing} without a translation")


if __name__ == "__main__":
    main()
