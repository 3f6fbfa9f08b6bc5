"""Typed settings from TOML text, for every file a person writes: rule book, agent, tap, central.

A key nobody knows is an error with a suggestion, because a setting that is silently ignored is
worse than a program that does not start. Pure: whoever calls reads the file and names it.
"""

import difflib
import tomllib
import types
import typing
from collections.abc import Iterable
from typing import TypeVar

import msgspec
from msgspec import Struct, structs

T = TypeVar("T", bound=Struct)


class SettingsError(ValueError):
    """The text is not what it should be; the message names the key and what is wrong with it."""


class UnknownKey(SettingsError):
    """A key nobody knows, where it stands, and the known one that is most like it, if any is."""

    def __init__(self, path: tuple[str | int, ...], known: Iterable[str]) -> None:
        self.path, self.key = path, str(path[-1])
        close = difflib.get_close_matches(self.key, known, n=1)
        self.close = close[0] if close else ""
        hint = f"did you mean {close[0]!r}?" if close else f"known are {', '.join(known)}"
        dotted = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in path)
        super().__init__(f"{dotted[1:]}: there is no such key; {hint}")


def parse(text: str, spec: type[T]) -> T:
    """Return the settings in `text` as `spec`. Raises SettingsError."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(str(error)) from error
    refuse_unknown(given, spec)
    try:
        return msgspec.convert(given, type=spec)
    except msgspec.ValidationError as error:
        raise SettingsError(
            str(error).replace("`$.", "`").replace("Object", "the table")
        ) from error


def keys(spec: type[Struct], above: str = "") -> list[str]:
    """Return every key of `spec`, tables with their dots, so that a sample can be checked."""
    found = []
    for field in structs.fields(spec):
        inner = _struct_in(field.type)
        name = above + field.name
        found += keys(inner, name + ".") if inner else [name]
    return found


def refuse_unknown(
    given: dict[str, object], spec: type[Struct], above: tuple[str | int, ...] = ()
) -> None:
    """Raise UnknownKey for the first key in `given`, or in its tables, that `spec` lacks."""
    known = {field.encode_name: field.type for field in structs.fields(spec)}
    for key, value in given.items():
        if key not in known:
            raise UnknownKey((*above, key), known)
        inner = _struct_in(known[key])
        if inner is None:
            continue
        tables = enumerate(value) if isinstance(value, list) else [(None, value)]
        for place, table in tables:
            if isinstance(table, dict):
                where = (*above, key) if place is None else (*above, key, place)
                refuse_unknown(table, inner, where)


def _struct_in(annotation: object) -> type[Struct] | None:
    """Return the Struct that an annotation is, holds in a list or tuple, or allows beside None."""
    if isinstance(annotation, type) and issubclass(annotation, Struct):
        return annotation
    if typing.get_origin(annotation) in (
        list,
        tuple,
        typing.Union,
        types.UnionType,
        typing.Annotated,
    ):
        for inner in typing.get_args(annotation):
            if found := _struct_in(inner):
                return found
    return None
