"""Read YAML as plain values with a place for each; what YAML would do in silence is refused.

YAML keeps the last of two equal keys, lets a few lines of aliases stand for billions of values
and stops at a date such as 2026-06-31 without its line. Each becomes a problem, or text that
the contract then refuses with its line.
"""

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml

from cxlib.errors import ConfigError, Problem

Location = tuple[str | int, ...]
MOST_VALUES = 100_000
DEEPEST = 100
"""Levels the loader in C is asked to follow; deeper files are read by the one in Python."""


class _Loader(yaml.SafeLoader):
    """The safe loader; what is no number or date after all stays text."""


def _number_or_text(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> object:
    kind = node.tag.rpartition(":")[2]
    try:
        return getattr(yaml.SafeLoader, f"construct_yaml_{kind}")(loader, node)
    except ValueError:
        return node.value


class _QuickLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """The same in C, where PyYAML has it: a tenth of the time, with other words for a mistake."""


for _kind in ("timestamp", "int", "float"):
    for _each in (_Loader, _QuickLoader):
        _each.add_constructor(f"tag:yaml.org,2002:{_kind}", _number_or_text)


def parse(file: Path) -> tuple[yaml.Node, dict[str, Any]]:
    """Read a file of keys and values.

    Returns:
        The tree, which knows the lines, and the plain values.

    Raises:
        ConfigError: It is not UTF-8 or not YAML, holds no keys, names a key twice or grows
            beyond measure through aliases.
    """

    def refuse(where: str, value: str, rule: str, remedy: str) -> ConfigError:
        problem = Problem(file.name, where, value, rule, remedy)
        return ConfigError(f"{file.name} cannot be read", [problem])

    try:
        text = file.read_text(encoding="utf-8-sig")
        loader = _QuickLoader if _is_plain(text) else _Loader
        node = yaml.compose(text, Loader=loader)
        if node is not None:
            _check_size(node)
        raw = yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader
    except UnicodeDecodeError as error:
        raise refuse(
            f"byte {error.start + 1}", "", "must be UTF-8 text", "save it as UTF-8"
        ) from None
    except OSError as error:
        raise refuse("", "", f"must be readable ({error.strerror})", "check its rights") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else ""
        rule = f"must be YAML: {getattr(error, 'problem', None) or _first_line(error)}"
        raise refuse(where, "", rule, "check indentation, colons and quotes on that line") from None
    except (OverflowError, RecursionError):
        rule = f"must hold {MOST_VALUES:,} values or fewer once aliases (*name) are written out"
        raise refuse("", "", rule, "write the values out, without aliases") from None
    if node is None or not isinstance(raw, dict):
        raise refuse(
            "", "an empty file or a list", "must hold keys and values",
            "start from the file that cx new writes",
        )  # fmt: skip
    if doubles := list(_doubled_keys(node, file.name)):
        raise ConfigError(f"{file.name} names a key twice", doubles)
    return node, raw


def _is_plain(text: str) -> bool:
    """Whether the loader in C reads it the same: no mistake, no tab, not too deep for its stack."""
    if "\t" in text:
        return False
    depth = 0
    try:
        for event in yaml.parse(text, Loader=_QuickLoader):
            depth += isinstance(event, yaml.CollectionStartEvent)
            depth -= isinstance(event, yaml.CollectionEndEvent)
            if depth > DEEPEST:
                return False
    except yaml.YAMLError:
        return False
    return True


def _first_line(error: yaml.YAMLError) -> str:
    return (str(error).splitlines() or ["it cannot be parsed"])[0]


def _check_size(node: yaml.Node) -> None:
    """Count the values with aliases written out, each node once.

    Raises:
        OverflowError: There are too many.
        RecursionError: A node holds itself, or nodes lie too deep.
    """
    sizes: dict[int, int | None] = {}

    def size(part: yaml.Node) -> int:
        if id(part) not in sizes:
            sizes[id(part)] = None
            sizes[id(part)] = 1 + sum(map(size, _children(part)))
        found = sizes[id(part)]
        if found is None:
            raise RecursionError
        if found > MOST_VALUES:
            raise OverflowError
        return found

    size(node)


def _children(node: yaml.Node) -> Iterator[yaml.Node]:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield from (key, value)
    elif isinstance(node, yaml.SequenceNode):
        yield from node.value


def _doubled_keys(node: yaml.Node, file: str) -> Iterator[Problem]:
    """YAML keeps the last of two equal keys silently; a client's target must not vanish so."""
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, _ in node.value:
            line, name = key.start_mark.line + 1, str(key.value)
            if name in seen:
                rule = f"each key stands once; it stands on line {seen[name]} too"
                yield Problem(file, f"line {line}", name, rule, "remove one of them")
            seen[name] = line
    for child in _children(node):
        yield from _doubled_keys(child, file)


def place(tree: yaml.Node, loc: Location) -> str:
    """Line and dotted key of a location; the nearest existing ancestor when it is missing."""
    node, line = tree, tree.start_mark.line
    for part in loc:
        child = None
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                if key.value == str(part):
                    child, line = value, key.start_mark.line
        elif isinstance(node, yaml.SequenceNode) and part in range(len(node.value)):
            child = node.value[part]
            line = child.start_mark.line
        if child is None:
            break
        node = child
    return f"line {line + 1}, {dotted(loc)}" if loc else f"line {line + 1}"


def dotted(loc: Location) -> str:
    """A location as a person writes it: touchpoints[1].name."""
    parts = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc]
    return "".join(parts).lstrip(".")


def suggest(word: str, allowed: Sequence[str]) -> str:
    """Offer the nearest allowed name, else list them all."""
    if near := get_close_matches(word, allowed, n=1, cutoff=0.6):
        return f"did you mean {near[0]!r}?"
    return f"use one of: {', '.join(allowed)}" if allowed else "remove it"
