"""The register of touchpoints: what is known of each, and where it has gaps."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from cxlib.data.source import Source
from cxlib.data.summaries import distinct_customers
from cxlib.engagement.schema import STAGES, Channel, Stage, Touchpoint, Window
from cxlib.errors import InputError

Gap = Literal["no_owner", "no_volume", "no_data", "few_answers"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterRow:
    """One touchpoint of the register.

    Attributes:
        point: As the engagement declares it.
        n_obs: Answers of the period.
        gaps: What is missing: an owner, a monthly volume (where other touchpoints have one),
            answers, or enough of them.
    """

    point: Touchpoint
    n_obs: int
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """All touchpoints in stage order.

    Attributes:
        rows: In stage order, then in the engagement's order.
        minimum_cell: Fewest answers of a touchpoint that is shown.
        counts: Per stage, touchpoints in each channel, in the order of ``CHANNELS``.
        stages_without_touchpoints: Stages of the journey no touchpoint belongs to.
        stages_without_data: Stages that have touchpoints, and not one answer.
    """

    rows: tuple[RegisterRow, ...]
    minimum_cell: int
    counts: Mapping[Stage, tuple[int, ...]]
    stages_without_touchpoints: tuple[Stage, ...]
    stages_without_data: tuple[Stage, ...]

    @property
    def with_gaps(self) -> tuple[RegisterRow, ...]:
        """Touchpoints with one gap or more."""
        return tuple(row for row in self.rows if row.gaps)

    @property
    def n_obs(self) -> int:
        """Answers at all touchpoints."""
        return sum(row.n_obs for row in self.rows)


def touchpoint_register(
    answers: Source, touchpoints: Sequence[Touchpoint], *, window: Window, minimum_cell: int = 30
) -> Register:
    """Count the answers at each touchpoint and flag what its entry lacks.

    Args:
        answers: One row per answer.
        touchpoints: The engagement's, each in exactly one stage.
        window: Half-open period of a date column.
        minimum_cell: Fewest answers of a touchpoint that is shown, 1 or more.

    Raises:
        DataError: A column is absent.
        InputError: A touchpoint stands twice, or answers name one that is not in the register.
    """
    found = distinct_customers(answers, customer="answer_id", by=["touchpoint"], **window)
    counted = dict(zip(found["touchpoint"].tolist(), found["n"].tolist(), strict=True))
    return register(touchpoints, counted, minimum_cell=minimum_cell)


def register(
    touchpoints: Sequence[Touchpoint], answers: Mapping[str, int], *, minimum_cell: int = 30
) -> Register:
    """Flag the gaps of each touchpoint, given its number of answers.

    Raises:
        InputError: As in ``touchpoint_register``.
    """
    stages: dict[str, Stage] = {}
    for point in touchpoints:
        if point.id in stages:
            raise InputError(
                f"a touchpoint has one entry and one stage, {point.id} has {stages[point.id]} "
                f"and {point.stage}"
            )
        stages[point.id] = point.stage
    if unknown := sorted(set(answers) - set(stages)):
        raise InputError(f"touchpoints not in the register: {unknown}; it has {list(stages)}")
    volumes = any(point.monthly_volume is not None for point in touchpoints)
    rows = tuple(
        RegisterRow(point=point, n_obs=n, gaps=_gaps(point, n, minimum_cell, volumes=volumes))
        for point in sorted(touchpoints, key=lambda point: STAGES.index(point.stage))
        for n in [int(answers.get(point.id, 0))]
    )
    held = {stage: [row for row in rows if row.point.stage == stage] for stage in STAGES}
    return Register(
        rows=rows,
        minimum_cell=minimum_cell,
        counts={
            stage: tuple(
                sum(row.point.channel == channel for row in inside) for channel in CHANNELS
            )
            for stage, inside in held.items()
        },
        stages_without_touchpoints=tuple(stage for stage in STAGES if not held[stage]),
        stages_without_data=tuple(
            stage for stage in STAGES if held[stage] and not any(row.n_obs for row in held[stage])
        ),
    )


def _gaps(point: Touchpoint, n: int, minimum_cell: int, *, volumes: bool) -> tuple[Gap, ...]:
    """Name what is missing; a volume only where the register has volumes at all."""
    lacking: dict[Gap, bool] = {
        "no_owner": point.owner is None,
        "no_volume": volumes and point.monthly_volume is None,
        "no_data": n == 0,
        "few_answers": 0 < n < minimum_cell,
    }
    return tuple(gap for gap, lacks in lacking.items() if lacks)
