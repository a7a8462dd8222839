"""Whole days, both ends included, and the same span as a question to a table takes it."""

from datetime import date, timedelta
from typing import Self, TypedDict

from pydantic import model_validator

from cxlib.engagement.words import Strict


class Window(TypedDict):
    """A half-open span [start, end) of a date column, as the summaries take it."""

    date: str
    start: date
    end: date


class Period(Strict):
    """Whole days, both ends included."""

    start: date
    end: date

    def window(self, column: str) -> Window:
        """The period as a half-open span of a date column."""
        return Window(date=column, start=self.start, end=self.end + timedelta(days=1))

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.end < self.start:
            raise ValueError(f"end {self.end} must not be before start {self.start}")
        return self
