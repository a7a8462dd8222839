"""What every group is told beside the data: the goal, the money at stake, what waiting costs."""

from dataclasses import dataclass
from typing import Literal

Choice = Literal["go", "stop", "wait"]
"""go: ship or continue · stop: do not ship, or stop · wait: extend, or call it invalid and redo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """The money of one decision.

    Attributes:
        enquiries_per_month: Enquiries the decision touches.
        margin_hkd: Margin of one more sale.
        cost_per_month_hkd: What it costs a month while it runs.
        horizon_months: Months that count.
        wait_months: Months a longer trial takes.
        wait_cost_hkd: What measuring longer costs.
        runs_while_waiting: Whether it runs on meanwhile (an initiative does, a test does not).
    """

    enquiries_per_month: int
    margin_hkd: float
    cost_per_month_hkd: float
    horizon_months: int
    wait_months: int
    wait_cost_hkd: float
    runs_while_waiting: bool

    def net_per_month(self, effect: float) -> float:
        """Money a month while it runs: enquiries x effect x margin - cost, HK$.

        Args:
            effect: Added sales per enquiry, a difference of shares (0.02 = 2 pp).
        """
        return self.enquiries_per_month * effect * self.margin_hkd - self.cost_per_month_hkd

    @property
    def break_even(self) -> float:
        """Added sales per enquiry at which it pays for itself."""
        return self.cost_per_month_hkd / self.enquiries_per_month / self.margin_hkd

    def value(self, choice: Choice, effect: float) -> float:
        """Expected HK$ over the horizon when the true effect is `effect`, against doing nothing.

        Who waits is taken to decide rightly afterwards, and pays for the time and the measuring.
        """
        net = self.net_per_month(effect)
        if choice == "go":
            return self.horizon_months * net
        if choice == "stop":
            return 0.0
        meanwhile = self.wait_months * net if self.runs_while_waiting else 0.0
        later = (self.horizon_months - self.wait_months) * max(0.0, net)
        return meanwhile + later - self.wait_cost_hkd

    def best(self, effect: float) -> tuple[Choice, float]:
        """The choice of most value when the true effect is known, and its value."""
        return max(
            (("go", self.value("go", effect)), ("stop", 0.0)),
            key=lambda pair: pair[1],
        )  # type: ignore[return-value]

    def regret(self, choice: Choice, effect: float) -> float:
        """HK$ lost against the best choice, 0 or more."""
        return self.best(effect)[1] - self.value(choice, effect)

    def most_to_lose(self, largest: float) -> float:
        """HK$ the worst choice can cost when the true effect lies between 0 and ``largest``.

        Known before any truth is, so that points that fall in proportion to it pay for the choice
        of most expected money.
        """
        choices: tuple[Choice, ...] = ("go", "stop", "wait")
        return max(self.regret(choice, effect) for choice in choices for effect in (0.0, largest))


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the groups know.

    Attributes:
        goal_rise: The rise of NPS management wants to see, points.
        goal_answers: Answers a wave that are planned.
        test: The money behind the A/B test.
        initiative: The money behind the initiative in the stores.
    """

    goal_rise: int
    goal_answers: int
    test: Stake
    initiative: Stake
