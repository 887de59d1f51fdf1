"""Nested dataclasses as plain dictionaries, and back."""

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, get_args, get_type_hints

# A field that came after experiments were finished is not written down at its default: so what those wrote
# down, and the recipes that are hashes of it, stay what they were.
LATER = MappingProxyType({"later": True})


def to_plain(value: Any) -> Any:
    """Return dataclasses as dictionaries, without the later fields that are at their default."""
    if not dataclasses.is_dataclass(value):
        return dict(value) if isinstance(value, Mapping) else value
    chosen = {f.name: (f, getattr(value, f.name)) for f in dataclasses.fields(value)}
    return {
        name: to_plain(held)
        for name, (f, held) in chosen.items()
        if not ("later" in f.metadata and held == f.default)
    }


def from_plain(cls: Any, values: Mapping[str, Any], where: str) -> Any:
    """Build the dataclass `cls`, and those within it, from dictionaries; lists become tuples.

    Raises:
        ValueError: a key that is no field, with `where` it stands; or what `cls` itself refuses.
    """
    hints = get_type_hints(cls)
    unknown = sorted(set(values) - set(hints))
    if unknown:
        raise ValueError(f"{where}: unknown {', '.join(unknown)}")
    arguments: dict[str, Any] = {}
    for name, value in values.items():
        section = _section(hints[name])
        if section is not None and value is not None:
            value = from_plain(section, value, where=f"{where}.{name}")
        elif isinstance(value, list):
            value = tuple(value)
        arguments[name] = value
    return cls(**arguments)


def _section(hint: Any) -> Any:
    """The dataclass that `hint` is, or that it allows beside None; else None."""
    return next((part for part in (hint, *get_args(hint)) if dataclasses.is_dataclass(part)), None)
