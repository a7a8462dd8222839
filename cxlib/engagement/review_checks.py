"""Rules that join what a review decides with the rest of the engagement file."""

from collections.abc import Iterator

from cxlib.engagement.schema import Engagement
from cxlib.engagement.yaml_text import Location, suggest

Finding = tuple[Location, str, str, str]


def review_findings(engagement: Engagement) -> Iterator[Finding]:
    """Give every finding on fresh baselines, restated figures, decisions, trends and strategy."""
    known = [kpi.id for kpi in engagement.kpis]
    named: list[tuple[Location, str]] = [
        *((("rebaseline", i, "kpi"), item.kpi) for i, item in enumerate(engagement.rebaseline)),
        *((("restatements", i, "kpi"), item.kpi) for i, item in enumerate(engagement.restatements)),
        *(
            (("review_decisions", i, "goal"), item.goal)
            for i, item in enumerate(engagement.review_decisions)
        ),
    ]
    for where, name in named:
        if name not in known:
            yield where, name, "unknown KPI", suggest(name, known)
    lists: dict[str, list[tuple[object, ...]]] = {
        "rebaseline": [(item.kpi, item.from_) for item in engagement.rebaseline],
        "restatements": [(item.kpi, item.period) for item in engagement.restatements],
        "review_decisions": [(item.goal,) for item in engagement.review_decisions],
        "strategy": [(item.part,) for item in engagement.strategy],
    }
    for group, keys in lists.items():
        for index, key in enumerate(keys):
            if key in keys[:index]:
                shown = " ".join(str(part) for part in key)
                yield (group, index), shown, "each stands once", "remove one of them"
    for index, item in enumerate(engagement.trends):
        if item.dated > engagement.dated():
            rule = f"a trend is dated on or before the report ({engagement.dated()})"
            yield ("trends", index, "dated"), str(item.dated), rule, "correct the date"
