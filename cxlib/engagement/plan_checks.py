"""Rules that join goals, links, actions and benchmarks with the rest of the engagement file."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from cxlib.engagement.scales import SCALES
from cxlib.engagement.schema import Engagement, Goal, Kpi
from cxlib.engagement.yaml_text import Location, suggest

Finding = tuple[Location, str, str, str]
ESTIMATED_FROM = ("nps", "csat", "ces")
"""Survey scores whose link to a later purchase is estimated."""
ESTIMATED_TO = "repurchase_90d"
REPURCHASE_DAYS = 90
RANGES: Mapping[str, tuple[float, float]] = {"nps": (-100, 100), "points": (-100, 100),
                                             "share": (0, 1)}  # fmt: skip


def plan_findings(engagement: Engagement) -> Iterator[Finding]:
    """Give every finding on goals, goal tree, actions and benchmarks."""
    yield from _directions(engagement)
    yield from _tree(engagement)
    yield from _actions(engagement)
    yield from _benchmarks(engagement)


def kpi_scale(engagement: Engagement, kpi: Kpi) -> str:
    """Name the scale a KPI is on: that of its survey metric, else its unit."""
    metric = engagement.metrics.get(kpi.id)
    return metric.kind if metric else kpi.unit


def find_cycle(steps: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Give the first circle of a directed graph, its start named again at the end; else ()."""
    done: set[str] = set()

    def walk(node: str, path: tuple[str, ...]) -> tuple[str, ...]:
        if node in path:
            return (*path[path.index(node) :], node)
        if node in done:
            return ()
        for other in steps.get(node, ()):
            if found := walk(other, (*path, node)):
                return found
        done.add(node)
        return ()

    return next((found for node in steps if (found := walk(node, ()))), ())


def _directions(engagement: Engagement) -> Iterator[Finding]:
    known = [kpi.id for kpi in engagement.kpis]
    for index, kpi in enumerate(engagement.kpis):
        metric = engagement.metrics.get(kpi.id)
        if metric and metric.direction != kpi.direction:
            yield (
                ("kpis", index, "direction"), kpi.direction,
                f"on {metric.kind} {metric.direction} is better", f"write {metric.direction}",
            )  # fmt: skip
    for index, goal in enumerate(engagement.goals):
        for place, name in enumerate(goal.guardrails):
            if name not in known or name == goal.kpi:
                rule = "unknown KPI" if name not in known else "a goal is not its own guardrail"
                others = [kpi for kpi in known if kpi != goal.kpi]
                yield ("goals", index, "guardrails", place), name, rule, suggest(name, others)
        if goal.kpi not in known:
            continue
        kpi = engagement.kpi(goal.kpi)
        if goal.change is not None and (goal.change > 0) != (kpi.direction == "higher"):
            yield (
                ("goals", index, "change"), f"{goal.change:g}",
                f"{kpi.direction} is better for {kpi.id}, so this change would be a step back",
                "correct the sign of the change or the KPI's direction",
            )  # fmt: skip
        yield from _kind(index, goal, kpi)
        scale = kpi_scale(engagement, kpi)
        low, high = _range(scale)
        level = None if goal.target is None else goal.target / (100 if kpi.unit == "share" else 1)
        if level is not None and not low <= level <= high:
            yield (
                ("goals", index, "target"), f"{goal.target:g}",
                f"the scale of {kpi.id} ({scale}) ends there", "write a level on the scale",
            )  # fmt: skip


def _kind(index: int, goal: Goal, kpi: Kpi) -> Iterator[Finding]:
    if goal.kind != "level" and kpi.unit != "share":
        yield (
            ("goals", index, "kind"), goal.kind,
            f"it counts who goes on, so its KPI is a share; {kpi.id} is in {kpi.unit}",
            "write kind: level, or leave kind out",
        )  # fmt: skip
    if goal.within_days and kpi.id == ESTIMATED_TO and goal.within_days != REPURCHASE_DAYS:
        yield (
            ("goals", index, "within_days"), str(goal.within_days),
            f"{kpi.id} counts second orders within {REPURCHASE_DAYS} days",
            f"write {REPURCHASE_DAYS}, or set the goal on a KPI of other days",
        )  # fmt: skip


def _tree(engagement: Engagement) -> Iterator[Finding]:
    points = [point.id for point in engagement.touchpoints]
    kpis = [kpi.id for kpi in engagement.kpis]
    root = [engagement.growth_goal.id] if engagement.growth_goal else []
    for name in sorted((set(points) | set(root)) & set(kpis) | set(points) & set(root)):
        rule = f"{name!r} is the id of two things in the goal tree"
        yield ("kpis" if name in kpis else "growth_goal",), name, rule, "rename one of them"
    if engagement.links and not root:
        yield (
            ("links",),
            f"{len(engagement.links)} links",
            "a goal tree has a growth goal at its top",
            "add growth_goal: {id, name, measure, owner}",
        )
    seen = set()
    for index, link in enumerate(engagement.links):
        where: Location = ("links", index)
        if link.from_ not in {*points, *kpis}:
            rule = "a link comes from a touchpoint or a KPI"
            yield (*where, "from"), link.from_, rule, suggest(link.from_, [*points, *kpis])
        if link.to not in {*kpis, *root}:
            rule = "a link leads to a KPI or the growth goal"
            yield (*where, "to"), link.to, rule, suggest(link.to, [*kpis, *root])
        if (link.from_, link.to) in seen:
            yield where, f"{link.from_} to {link.to}", "each link stands once", "remove one"
        seen.add((link.from_, link.to))
    yield from _evidence(engagement)
    yield from _paths(engagement)


def _evidence(engagement: Engagement) -> Iterator[Finding]:
    tests = [test.id for test in engagement.experiments]
    for index, link in enumerate(engagement.links):
        where: Location = ("links", index)
        if link.experiment and link.experiment not in tests:
            rule = "unknown experiment"
            yield (*where, "experiment"), link.experiment, rule, suggest(link.experiment, tests)
        possible = link.from_ in ESTIMATED_FROM and link.to == ESTIMATED_TO
        if link.evidence == "estimate" and not possible:
            yield (
                (*where, "evidence"),
                f"estimate of {link.from_} to {link.to}",
                f"an estimate is made from {', '.join(ESTIMATED_FROM)} to {ESTIMATED_TO}",
                "write assumption, or experiment with the test that shows it",
            )


def _paths(engagement: Engagement) -> Iterator[Finding]:
    """No circle, and every KPI leads on."""
    steps: dict[str, list[str]] = {}
    for link in engagement.links:
        steps.setdefault(link.from_, []).append(link.to)
    if circle := find_cycle(steps):
        inside = set(pairwise(circle))
        pairs = [(link.from_, link.to) for link in engagement.links]
        first = next(index for index, pair in enumerate(pairs) if pair in inside)
        yield ("links", first), " > ".join(circle), "a goal tree has no circle", "remove one link"
    for index, kpi in enumerate(engagement.kpis):
        if engagement.links and kpi.id not in steps:
            rule = "no link leads on from this KPI: it serves no growth goal"
            yield ("kpis", index, "id"), kpi.id, rule, "add a link, or drop the KPI"


def _actions(engagement: Engagement) -> Iterator[Finding]:
    known = {
        "kpi": [kpi.id for kpi in engagement.kpis],
        "touchpoint": [point.id for point in engagement.touchpoints],
    }
    initiatives = [item.id for item in engagement.initiatives]
    lines: set[tuple[str, str, str]] = set()
    for index, action in enumerate(engagement.actions):
        for field, names in known.items():
            name = getattr(action, field)
            if name is not None and name not in names:
                yield ("actions", index, field), name, f"unknown {field}", suggest(name, names)
        for place, line in enumerate(action.budget_lines):
            where: Location = ("actions", index, "budget_lines", place)
            if line.initiative not in initiatives:
                remedy = suggest(line.initiative, initiatives)
                yield (*where, "initiative"), line.initiative, "unknown initiative", remedy
            key = (line.initiative, line.category, line.kind)
            if key in lines:
                rule = "a budget line stands under one action only, or it would count twice"
                yield where, " ".join(key), rule, "keep it under the action that pays"
            lines.add(key)


def _benchmarks(engagement: Engagement) -> Iterator[Finding]:
    known = [kpi.id for kpi in engagement.kpis]
    for index, item in enumerate(engagement.benchmarks):
        if item.kpi not in known:
            yield ("benchmarks", index, "kpi"), item.kpi, "unknown KPI", suggest(item.kpi, known)
            continue
        scale = kpi_scale(engagement, engagement.kpi(item.kpi))
        if scale == "points" and item.scale == "nps":
            scale = "nps"  # no survey metric says which points a KPI is in
        if item.scale != scale:
            yield (
                ("benchmarks", index, "scale"), item.scale,
                f"{item.kpi} is on the scale {scale}; another scale cannot be compared",
                f"give a figure on {scale}, or leave the benchmark out",
            )  # fmt: skip
        elif not _range(scale)[0] <= item.value <= _range(scale)[1]:
            low, high = _range(scale)
            yield (
                ("benchmarks", index, "value"), f"{item.value:g}",
                f"{scale} runs from {low:g} to {high:g}", "write a share as 0.25 for 25 %",
            )  # fmt: skip
        if item.dated > engagement.dated():
            rule = f"a benchmark is dated on or before the report ({engagement.dated()})"
            yield ("benchmarks", index, "dated"), str(item.dated), rule, "correct the date"


def _range(scale: str) -> tuple[float, float]:
    if scale in RANGES:
        return RANGES[scale]
    known = next((item for name, item in SCALES.items() if name == scale), None)
    return (known.minimum, known.maximum) if known else (float("-inf"), float("inf"))
