"""What the client promises after a negative answer, and how small a group of staff may be shown."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from cxlib.engagement.words import Strict


class ClosedLoop(Strict):
    """Which answers are negative and by when they are followed up.

    Negative is a CSAT of 1-2 or an NPS of 0-6, as `score` says. Days count from the answer:
    `contact_days` to the first contact, `close_days` to the closed case.
    """

    score: Literal["csat", "nps"] = "csat"
    contact_days: Annotated[int, Field(ge=1, le=60)] = 2
    close_days: Annotated[int, Field(ge=1, le=180)] = 7

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.close_days < self.contact_days:
            raise ValueError(
                f"close_days {self.close_days} must not be below contact_days {self.contact_days}"
            )
        return self


class EmployeeSurvey(Strict):
    """How the employees' answers are protected, and how many people each unit has.

    A unit with fewer answers than `anonymity_floor` is never shown. `headcount` gives people per
    unit; with it the response rate is known and intervals allow for how few were not asked.
    """

    anonymity_floor: Annotated[int, Field(ge=5)] = 8
    headcount: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
