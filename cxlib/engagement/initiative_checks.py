"""Rules for an initiative: dates of units that started later, and the test it refers to."""

from collections.abc import Iterator

from cxlib.engagement.plan_checks import Finding
from cxlib.engagement.schema import Engagement
from cxlib.engagement.yaml_text import suggest


def initiative_findings(engagement: Engagement) -> Iterator[Finding]:
    """Give every finding on start dates of units and on the experiment of an initiative."""
    known = [experiment.id for experiment in engagement.experiments]
    for index, item in enumerate(engagement.initiatives):
        where = ("initiatives", index)
        span = f"{item.start} (initiative) to {engagement.review.end} (review)"
        for unit, day in item.starts.items():
            if not item.start <= day <= engagement.review.end:
                yield (
                    (*where, "starts", unit), str(day),
                    f"a unit starts from {span}",
                    "correct the date, or the start of the initiative",
                )  # fmt: skip
        if item.starts and item.picked_for_low_scores:
            yield (
                (*where, "starts"), f"{len(item.starts)} dates",
                "units picked for low scores are reviewed from one start",
                "leave starts out, or split the initiative",
            )  # fmt: skip
        if item.experiment is not None and item.experiment not in known:
            yield (
                (*where, "experiment"), item.experiment, "unknown experiment",
                suggest(item.experiment, known),
            )  # fmt: skip
