"""Read engagement.yml: every problem at once, each with its line, value, rule and remedy."""

import typing
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from types import UnionType
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from cxlib.engagement.initiative_checks import initiative_findings
from cxlib.engagement.plan_checks import plan_findings
from cxlib.engagement.review_checks import review_findings
from cxlib.engagement.schema import Engagement
from cxlib.engagement.words import Language
from cxlib.engagement.yaml_text import Location, parse, place, suggest
from cxlib.errors import ConfigError, Problem

TABLE_NAMES = (
    "answers", "invitations", "customers", "stores", "orders", "cases", "events", "mentions",
    "mention_codes", "ab_test", "kpi_history", "store_panel", "costs", "maturity", "difficulty",
    "employees", "overall", "followups",
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
    tree, raw = parse(file)
    problems: list[Problem] = []
    engagement = None
    try:
        engagement = Engagement.model_validate(raw)
        engagement._path = file.resolve()  # noqa: SLF001 - where it came from is no key of the file
    except ValidationError as error:
        problems = [_reword(item, tree, file) for item in error.errors(include_url=False)]
    if engagement:
        problems = [
            Problem(file.name, place(tree, loc), value, rule, remedy)
            for loc, value, rule, remedy in _cross_checks(engagement)
        ]
    if problems or engagement is None:
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        problems.sort(key=lambda problem: int(problem.where.split(",")[0].removeprefix("line ")))
        raise ConfigError(f"{file.name} cannot be used: {count}", problems)
    return engagement


def _reword(item: Any, tree: yaml.Node, file: Path) -> Problem:  # noqa: ANN401 - pydantic's dict
    loc: Location = tuple(part for part in item["loc"] if part != "[key]")
    value, kind = item.get("input"), item["type"]
    where = place(tree, loc)
    if kind == "extra_forbidden":
        allowed = _fields_at(loc[:-1])
        return Problem(
            file.name, where, f"key {loc[-1]!r}", "unknown key", suggest(str(loc[-1]), allowed)
        )
    if kind == "missing":
        return Problem(file.name, where, "", f"key {loc[-1]!r} is required", f"add {loc[-1]}:")
    rule, remedy = _rule(kind, item.get("ctx", {}), item["msg"], value, _fields_at(loc))
    shown = SHAPES.get(type(value)) or f"{value if isinstance(value, date) else repr(value):.60}"
    if isinstance(value, dict | list) and kind == "value_error":
        shown = ""  # the rule names the values that do not fit each other
    if loc[:1] == ("engine",) and loc[-1] != "kind":
        shown = ""  # it may be an address with its password
    return Problem(file.name, where, shown, rule, remedy)


SHAPES: dict[type, str] = {type(None): "nothing", dict: "keys and values", list: "a list"}
KINDS = (
    (
        "file_outside",
        "must name a file inside the folder of the engagement file",
        "copy the file there and write its name",
    ),
    ("int", "must be a whole number", "write digits, such as 30"),
    ("float", "must be a number", "write digits, such as 0.08"),
    ("finite", "must be a number", "write digits, such as 0.08"),
    ("bool", "must be true or false", "write true or false"),
    ("date", "must be a date as YYYY-MM-DD", "write the year first, such as 2026-01-31"),
    ("string_type", "must be text", "put it in quotation marks"),
    ("list", "must be a list", "write [one, two], or each on a line after a dash"),
    ("too_short", "must have at least one entry", "add one"),
)
LIMITS = {
    "greater_than": ("gt", "must be above {}"),
    "greater_than_equal": ("ge", "must be {} or more"),
    "less_than": ("lt", "must be below {}"),
    "less_than_equal": ("le", "must be {} or less"),
    "string_too_long": ("max_length", "must have {} characters or fewer"),
}
PATTERNS = {
    r"^[a-z][a-z0-9_]*$": (
        "must be an id of small Latin letters, digits and _, a letter first",
        "write the id so, and the full name under name:",
    ),
    r"^[A-Za-z0-9][A-Za-z0-9._-]*$": (
        "must be Latin letters, digits, dots, _ and -", "write it so, such as 2026H1",
    ),
}  # fmt: skip


def _rule(
    kind: str, context: dict[str, Any], said: str, value: object, fields: Sequence[str]
) -> tuple[str, str]:
    """Word what must hold and the remedy, instead of the validator's own words."""
    if kind == "literal_error":
        allowed = [word.strip("' ") for word in context["expected"].replace(" or ", ",").split(",")]
        return f"must be one of {', '.join(allowed)}", suggest(str(value), allowed)
    if kind in {"model_type", "dict_type"}:
        keys = ", ".join(fields)
        rule = f"must hold the keys {keys}" if fields else "must hold keys and values"
        return rule, "write each key with its value"
    if kind in LIMITS or (kind == "too_short" and context["min_length"] > 1):
        name, rule = LIMITS.get(kind, ("min_length", "must have {} entries or more"))
        return rule.format(f"{context[name]:g}"), "correct the value"
    if kind == "string_pattern_mismatch":
        return PATTERNS[context["pattern"]]
    for start, rule, remedy in KINDS:
        if kind.startswith(start):
            return rule, "fill it in" if value is None else remedy
    rule = said.removeprefix("Value error, ")
    return rule[:1].lower() + rule[1:], "correct the value"


def _fields_at(loc: Location) -> list[str]:
    """Names of the keys allowed at a location of the file."""
    kind: Any = Engagement
    for part in loc:
        if _is_model(kind):
            field = kind.model_fields.get(str(part))
            kind = field.annotation if field else None
            if isinstance(kind, UnionType):
                kind = typing.get_args(kind)[0]
        else:  # a list or a dict: what it holds is its last type argument
            kind = (typing.get_args(kind) or (None,))[-1]
    if not _is_model(kind):
        return []
    return [field.alias or name for name, field in kind.model_fields.items()]


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
        if engagement.tables[name].table and engagement.engine is None:
            yield (
                ("tables", name, "table"), engagement.tables[name].table,
                "a table that is no file lies in an engine, and the file names none",
                "add engine: with kind and address, or write file:",
            )  # fmt: skip
    ces = [key for key, metric in engagement.metrics.items() if metric.kind.startswith("ces")]
    if len({engagement.metrics[key].kind for key in ces}) > 1:
        yield (
            ("metrics", ces[-1], "kind"), engagement.metrics[ces[-1]].kind,
            "CES-v1 (effort, lower is better) and CES-v2 (ease, higher is better) never mix",
            "keep one CES version an engagement",
        )  # fmt: skip
    for group in ("touchpoints", "kpis", "experiments", "initiatives", "actions"):
        seen: set[str] = set()
        for index, item in enumerate(getattr(engagement, group)):
            if item.id in seen and group != "touchpoints":
                yield (group, index, "id"), item.id, "each id stands once", "rename one of them"
            seen.add(item.id)
    yield from _register_checks(engagement)
    yield from _release_checks(engagement)
    yield from _goal_checks(engagement)
    yield from plan_findings(engagement)
    yield from review_findings(engagement)
    yield from _value_checks(engagement)
    yield from _untranslated(engagement)


def _register_checks(engagement: Engagement) -> Iterator[Finding]:
    """A touchpoint stands once, in one stage; its metric is one the engagement measures."""
    stages: dict[str, str] = {}
    for index, point in enumerate(engagement.touchpoints):
        loc: Location = ("touchpoints", index, "id")
        first = stages.get(point.id, point.stage)
        if first != point.stage:
            yield (
                loc, point.id,
                f"a touchpoint has one stage, this one has {first} and {point.stage}",
                "keep one of them, or give the second moment an id of its own",
            )  # fmt: skip
        elif point.id in stages:
            yield loc, point.id, "each id stands once", "rename one of them"
        stages.setdefault(point.id, point.stage)
        if point.metric and point.metric not in engagement.metrics:
            yield (
                ("touchpoints", index, "metric"), point.metric, "unknown metric",
                suggest(point.metric, list(engagement.metrics)),
            )  # fmt: skip


def _release_checks(engagement: Engagement) -> Iterator[Finding]:
    """A release lies in the periods the tables are about, and stands once."""
    first, last = engagement.baseline.start, engagement.review.end
    seen: set[tuple[date, str]] = set()
    for index, release in enumerate(engagement.releases):
        if not first <= release.date <= last:
            yield (
                ("releases", index, "date"), str(release.date),
                f"a release lies in the periods of the engagement ({first} to {last})",
                "correct the date, or leave the release out",
            )  # fmt: skip
        keys = {(release.date, words) for words in release.name.values()}
        if keys & seen:
            yield (
                ("releases", index, "name"), next(iter(release.name.values())),
                f"a release of {release.date} with this name is listed already", "remove one",
            )  # fmt: skip
        seen |= keys


def _value_checks(engagement: Engagement) -> Iterator[Finding]:
    """An experiment named for retention is one of the engagement's."""
    contact = engagement.customer_value.retention_contact
    known = [experiment.id for experiment in engagement.experiments]
    if contact is not None and contact.experiment and contact.experiment not in known:
        yield (
            ("customer_value", "retention_contact", "experiment"), contact.experiment,
            "unknown experiment", suggest(contact.experiment, known),
        )  # fmt: skip


def _untranslated(engagement: Engagement) -> Iterator[Finding]:
    """Words per language must be there in each report language."""
    for loc, words in words_of(engagement):
        for language in engagement.languages:
            if language not in words:
                yield (
                    loc, "", f"words are missing in {language}, a language of the reports",
                    f"add {language}:, or write one text that serves every language",
                )  # fmt: skip


def words_of(part: object, loc: Location = ()) -> Iterator[tuple[Location, dict[str, str]]]:
    """Every text per language inside an engagement or a part of it, with its place."""
    inside: list[tuple[str | int, object]] = []
    if isinstance(part, dict) and part and set(part) <= set(typing.get_args(Language)):
        yield loc, part
    elif isinstance(part, BaseModel):
        inside = [(name, getattr(part, name)) for name in type(part).model_fields]
    elif isinstance(part, dict):
        inside = list(part.items())
    elif isinstance(part, list):
        inside = list(enumerate(part))
    for name, value in inside:
        yield from words_of(value, (*loc, name))


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
    yield from initiative_findings(engagement)
