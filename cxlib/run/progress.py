"""Progress by report section: a live line on a terminal, plain lines in a pipe, or silence."""

import time
from dataclasses import dataclass, field
from typing import Protocol


class Progress(Protocol):
    """What the runner tells while it works."""

    def say(self, text: str) -> None:
        """Print a line that stays."""

    def section(self, notebook: str, number: int, count: int, name: str) -> None:
        """A section begins."""

    def close(self) -> None:
        """Nothing more comes."""


class Quiet:
    """Says nothing."""

    def say(self, text: str) -> None:
        """Drop the line."""

    def section(self, notebook: str, number: int, count: int, name: str) -> None:
        """Drop the step."""

    def close(self) -> None:
        """Nothing to end."""


class Lines:
    """Plain lines, for pipes and log files: no bar, no colour."""

    def say(self, text: str) -> None:
        """Print the line."""
        print(text, flush=True)

    def section(self, notebook: str, number: int, count: int, name: str) -> None:
        """Print the step as a line."""
        print(f"  {notebook}  {number}/{count} {name}", flush=True)

    def close(self) -> None:
        """Nothing to end."""


@dataclass
class Live:
    """One changing line on a terminal, lasting lines above it."""

    started: float = field(default_factory=time.monotonic)

    def __post_init__(self) -> None:
        from rich.console import Console

        self._console = Console(highlight=False)
        self._status = self._console.status("starting")
        self._status.start()

    def say(self, text: str) -> None:
        """Print the line above the changing one."""
        self._console.print(text, markup=False, soft_wrap=True)  # a path stays whole

    def section(self, notebook: str, number: int, count: int, name: str) -> None:
        """Show the step and the time so far."""
        seconds = time.monotonic() - self.started
        self._status.update(f"{notebook}  {number}/{count} {name}  ({seconds:.0f} s)")

    def close(self) -> None:
        """Remove the changing line."""
        self._status.stop()


def progress_for(*, quiet: bool, terminal: bool) -> Progress:
    """Choose how to tell."""
    if quiet:
        return Quiet()
    return Live() if terminal else Lines()
