"""The rule an experiment is judged by: taken from the ledger, where it was frozen before."""

import json
from collections.abc import Collection, Mapping
from typing import Any

from cxlib.decisions.trial_plan import Plan, plan_from_engagement
from cxlib.engagement.schema import Engagement, Experiment
from cxlib.errors import ConfigError, Problem


def choose_experiment(
    engagement: Engagement, experiment: str = "", *, begun: Collection[str] | None = None
) -> Experiment:
    """Give the named experiment of an engagement, or its first.

    Args:
        engagement: The engagement.
        experiment: Its id; "" takes the first.
        begun: Ids of those that have rows; none takes all.

    Raises:
        ConfigError: The engagement has no experiment, none of that id, or it has not begun.
    """
    known = {each.id: each for each in engagement.experiments}
    file = engagement.path.name
    if not known:
        raise ConfigError(f"{file} has no experiments; add one under experiments")
    if experiment and experiment not in known:
        raise ConfigError(
            f"parameter experiment must be one of {', '.join(known)} of {file}, got {experiment!r}"
        )
    if experiment and begun is not None and experiment not in begun:
        raise ConfigError(
            f"experiment {experiment!r} has no row yet; it can be read once it has begun, and "
            "02_kpi_setting shows what it needs"
        )
    ready = known if begun is None else {name: known[name] for name in known if name in begun}
    return known[experiment] if experiment else next(iter(ready.values()))


def frozen_plan(engagement: Engagement, experiment: Experiment, rules: Mapping[str, Any]) -> Plan:
    """Give the rule the test is judged by, and refuse one that was changed after it was frozen.

    Args:
        engagement: The engagement.
        experiment: One of its experiments.
        rules: The ledger's "rules" entry: per experiment the plan's fields and its `rule_hash`.

    Raises:
        ConfigError: No rule was frozen for the experiment, or the engagement file now says
            something else; every difference is named.
    """
    file = engagement.path.name
    plan = plan_from_engagement(experiment, confidence_level=engagement.confidence_level)
    if experiment.id not in rules:
        raise ConfigError(
            f"no rule was frozen for experiment {experiment.id!r}; the ledger has "
            f"{', '.join(rules) or 'none'}; run 02_kpi_setting with this {file} first: "
            "cx run 02_kpi_setting"
        )
    frozen = dict(rules[experiment.id])
    fingerprint = frozen.pop("rule_hash", "")
    now = json.loads(json.dumps(plan.as_record()))
    changed = [
        Problem(
            file,
            f"experiments, {experiment.id}, {place}",
            _shown(new),
            f"the frozen rule says {_shown(old)}",
            "restore the file; a new rule needs a new test",
        )
        for place, old, new in _differences(frozen, now)
    ]
    if changed:
        raise ConfigError(
            f"the rule of experiment {experiment.id!r} was changed after it was frozen, so it "
            "cannot judge this test",
            changed,
        )
    if fingerprint != plan.rule_hash():
        raise ConfigError(
            f"the frozen rule of experiment {experiment.id!r} has fingerprint "
            f"{fingerprint or 'none'}, its content gives {plan.rule_hash()}; "
            "run 02_kpi_setting again with a rebase_reason"
        )
    return plan


def frozen_or_exploratory(
    engagement: Engagement, experiment: Experiment, rules: Mapping[str, Any]
) -> tuple[Plan, bool]:
    """Give the frozen rule, or the engagement file's own where none was frozen, and which it is.

    A rule that was written after the start may still be read; it can no longer ship anything.

    Raises:
        ConfigError: A rule was frozen and the engagement file now says something else.
    """
    if experiment.id in rules:
        return frozen_plan(engagement, experiment, rules), True
    level = engagement.confidence_level
    return plan_from_engagement(experiment, confidence_level=level), False


_Change = tuple[str, Any, Any]


def _differences(old: Any, new: Any, place: str = "") -> list[_Change]:  # noqa: ANN401 - JSON values
    """List every place where two plain values differ, with both."""
    if isinstance(old, dict) and isinstance(new, dict):
        keys = [*old, *(key for key in new if key not in old)]
        steps = [(f"{place}.{key}", old.get(key), new.get(key)) for key in keys]
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        steps = [
            (f"{place}[{index}]", a, b) for index, (a, b) in enumerate(zip(old, new, strict=True))
        ]
    else:
        return [] if old == new else [(place.lstrip("."), old, new)]
    return [change for step in steps for change in _differences(step[1], step[2], step[0])]


def _shown(value: Any) -> str:  # noqa: ANN401 - JSON values
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value) or "none"
    if isinstance(value, dict):
        return str(value.get("column", value))
    return "none" if value is None else str(value)
