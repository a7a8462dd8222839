"""Read engagement.yml: every problem at once, each with its line, value, rule and remedy."""

import typing
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from cxlib.engagement.schema import Engagement
from cxlib.errors import ConfigError, Problem

Location = tuple[str | int, ...]
TABLE_NAMES = (
    "answers", "invitations", "customers", "stores", "orders", "cases", "events", "mentions",
    "ab_test", "kpi_history", "store_panel", "costs", "maturity", "employees",
)  # fmt: skip
GOAL_UNITS = {
    "points": ("points", "relative_percent"),
    "share": ("percent", "pp", "relative_percent"),
    "rating": ("rating", "relative_percent"),
}


def load_engagement(path: str | Path) -> Engagement:
    """Read and check an engagement file.

    Args:
        path: The file, or the folder that holds ``engagement.yml``.

    Raises:
        ConfigError: The file is absent, is not YAML or breaks the contract; all problems at once.
    """
    file = Path(path)
    if file.is_dir():
        file = file / "engagement.yml"
    if not file.is_file():
        raise ConfigError(
            f"no engagement file at {file}; name one, or make one with: cx new CLIENT"
        )
    tree, raw = _parse(file)
    problems: list[Problem] = []
    engagement = None
    try:
        engagement = Engagement.model_validate(raw)
        engagement._path = file.resolve()  # noqa: SLF001 - where it came from is no key of the file
    except ValidationError as error:
        problems = [_reword(item, tree, file) for item in error.errors(include_url=False)]
    if engagement:
        problems = [
            Problem(file.name, _place(tree, loc), value, rule, remedy)
            for loc, value, rule, remedy in _cross_checks(engagement)
        ]
    if problems or engagement is None:
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        problems.sort(key=lambda problem: int(problem.where.split(",")[0].removeprefix("line ")))
        raise ConfigError(f"{file.name} cannot be used: {count}", problems)
    return engagement


def _parse(file: Path) -> tuple[yaml.Node, dict[str, Any]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        raw = yaml.safe_load(text)
    except UnicodeDecodeError as error:
        problem = Problem(
            file.name, f"byte {error.start}", "", "must be UTF-8 text", "save it as UTF-8"
        )
        raise ConfigError(f"{file.name} cannot be read", [problem]) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"line {mark.line + 1}" if mark else ""
        rule = f"must be YAML: {getattr(error, 'problem', None) or 'it cannot be parsed'}"
        problem = Problem(
            file.name, where, "", rule, "check indentation, colons and quotes on that line"
        )
        raise ConfigError(f"{file.name} cannot be read", [problem]) from None
    if node is None or not isinstance(raw, dict):
        problem = Problem(
            file.name, "", "an empty file or a list", "must hold keys and values",
            "start from the file that cx new writes",
        )  # fmt: skip
        raise ConfigError(f"{file.name} cannot be read", [problem])
    if doubles := list(_doubled_keys(node, file.name)):
        raise ConfigError(f"{file.name} names a key twice", doubles)
    return node, raw


def _doubled_keys(node: yaml.Node, file: str) -> Iterator[Problem]:
    """YAML keeps the last of two equal keys silently; a client's target must not vanish so."""
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                rule = f"each key stands once; it stands on line {seen[key.value]} too"
                yield Problem(file, f"line {line}", key.value, rule, "remove one of them")
            seen[key.value] = line
            yield from _doubled_keys(value, file)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _doubled_keys(value, file)


def _place(tree: yaml.Node, loc: Location) -> str:
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
    dotted = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    return f"line {line + 1}, {dotted.lstrip('.')}" if dotted else f"line {line + 1}"


def _reword(item: Any, tree: yaml.Node, file: Path) -> Problem:  # noqa: ANN401 - pydantic's dict
    loc: Location = tuple(part for part in item["loc"] if part != "[key]")
    value, kind = item.get("input"), item["type"]
    where = _place(tree, loc)
    if kind == "extra_forbidden":
        allowed = _fields_at(loc[:-1])
        return Problem(
            file.name, where, f"key {loc[-1]!r}", "unknown key", suggest(str(loc[-1]), allowed)
        )
    if kind == "missing":
        return Problem(file.name, where, "", f"key {loc[-1]!r} is required", f"add {loc[-1]}:")
    rule = item["msg"].removeprefix("Value error, ")
    remedy = "correct the value"
    if kind == "literal_error":
        allowed = [
            word.strip("' ") for word in item["ctx"]["expected"].replace(" or ", ",").split(",")
        ]
        rule, remedy = f"must be one of {', '.join(allowed)}", suggest(str(value), allowed)
    shown = "" if isinstance(value, dict | list) else repr(value)
    return Problem(file.name, where, shown, rule[:1].lower() + rule[1:], remedy)


def suggest(word: str, allowed: Sequence[str]) -> str:
    """Offer the nearest allowed name, else list them all."""
    if near := get_close_matches(word, allowed, n=1, cutoff=0.6):
        return f"did you mean {near[0]!r}?"
    return f"use one of: {', '.join(allowed)}" if allowed else "remove it"


def _fields_at(loc: Location) -> list[str]:
    """Names of the keys allowed at a location of the file."""
    kind: Any = Engagement
    for part in loc:
        if isinstance(kind, type) and issubclass(kind, BaseModel) and part in kind.model_fields:
            kind = kind.model_fields[str(part)].annotation
            kind = next((a for a in typing.get_args(kind) if _is_model(a)), kind)
        else:
            kind = next((a for a in typing.get_args(kind) if _is_model(a)), None)
    return list(kind.model_fields) if _is_model(kind) else []


def _is_model(kind: object) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


Finding = tuple[Location, str, str, str]


def _cross_checks(engagement: Engagement) -> Iterator[Finding]:
    """Rules that join several parts of the file."""
    if engagement.review.start <= engagement.baseline.end:
        yield (
            ("review", "start"), str(engagement.review.start),
            f"the review must start after the baseline ends ({engagement.baseline.end})",
            "move one of the two periods",
        )  # fmt: skip
    for name in engagement.tables:
        if name not in TABLE_NAMES:
            yield ("tables", name), f"table {name!r}", "unknown table", suggest(name, TABLE_NAMES)
    ces = [key for key, metric in engagement.metrics.items() if metric.kind.startswith("ces")]
    if len({engagement.metrics[key].kind for key in ces}) > 1:
        yield (
            ("metrics", ces[-1], "kind"), engagement.metrics[ces[-1]].kind,
            "CES-v1 (effort, lower is better) and CES-v2 (ease, higher is better) never mix",
            "keep one CES version an engagement",
        )  # fmt: skip
    for group in ("touchpoints", "kpis", "experiments", "initiatives"):
        seen: set[str] = set()
        for index, item in enumerate(getattr(engagement, group)):
            if item.id in seen:
                yield (group, index, "id"), item.id, "each id stands once", "rename one of them"
            seen.add(item.id)
    yield from _goal_checks(engagement)


def _goal_checks(engagement: Engagement) -> Iterator[Finding]:
    known = [kpi.id for kpi in engagement.kpis]
    for index, goal in enumerate(engagement.goals):
        if goal.kpi not in known:
            yield ("goals", index, "kpi"), goal.kpi, "unknown KPI", suggest(goal.kpi, known)
            continue
        kpi = engagement.kpi(goal.kpi)
        if goal.unit not in GOAL_UNITS[kpi.unit]:
            allowed = ", ".join(GOAL_UNITS[kpi.unit])
            yield (
                ("goals", index, "unit"), goal.unit,
                f"the KPI {kpi.id} is measured as {kpi.unit}", f"use one of: {allowed}",
            )  # fmt: skip
    for index, initiative in enumerate(engagement.initiatives):
        if not engagement.baseline.end < initiative.start <= engagement.review.end:
            yield (
                ("initiatives", index, "start"), str(initiative.start),
                "an initiative starts after the baseline and before the review ends",
                "correct the date or the periods",
            )  # fmt: skip
