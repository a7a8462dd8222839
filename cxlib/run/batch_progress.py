"""How far a batch is: done, failed, what is left and about how long it will take."""

import time
from collections.abc import Mapping

from cxlib.run.batch_plan import Branch
from cxlib.run.batch_work import Outcome
from cxlib.run.progress import Progress

MINUTE = 60.0


class Tally:
    """Counts outcomes and tells.

    Args:
        progress: Prints it.
        branches: All of the batch, by id.
        workers: How many run at a time.
    """

    def __init__(self, progress: Progress, *, branches: Mapping[str, Branch], workers: int) -> None:
        self._progress, self._branches, self._workers = progress, branches, workers
        self._seconds: list[float] = []
        self._seen = self._failed = 0
        self._begun = time.monotonic()

    def say(self, text: str) -> None:
        """Print a line that stays."""
        self._progress.say(text)

    def count(self, outcome: Outcome) -> None:
        """Note an outcome and tell it with what is left."""
        self._seen += 1
        self._failed += outcome.state == "failed"
        if outcome.state == "done":
            self._seconds.append(outcome.seconds)
        self.say(line(outcome, self._branches[outcome.id]))
        self._progress.section("batch", self._seen, len(self._branches), self.left())

    def left(self) -> str:
        """Failures and the remaining time, from what the finished branches took."""
        parts = [f"{self._failed} failed"] if self._failed else []
        if self._seconds and (left := len(self._branches) - self._seen):
            rounds = -(-left // self._workers)
            parts.append(f"about {_span(rounds * sum(self._seconds) / len(self._seconds))} left")
        return ", ".join(parts) or "branches"


def line(outcome: Outcome, branch: Branch) -> str:
    """What is printed about a branch that came to its end."""
    name = f"{branch.id} ({branch.name['en']})" if "en" in branch.name else branch.id
    if outcome.state == "done":
        again = f", at attempt {outcome.attempts}" if outcome.attempts > 1 else ""
        return f"done  {name}  {outcome.seconds:.0f} s{again}  {outcome.folder}"
    if outcome.state == "unchanged":
        return f"unchanged  {name}"
    if outcome.state == "too_few":
        return f"too few answers (n hidden)  {name}"
    kept = "" if not outcome.folder or outcome.folder in outcome.message else (
        f"\n  kept: {outcome.folder}"
    )  # fmt: skip
    return f"failed  {name}: {outcome.message}{kept}"


def _span(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 2 * MINUTE else f"{seconds / MINUTE:.0f} min"
