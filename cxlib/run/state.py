"""What became of an engagement's last run: enough to mend it, or to go on with it."""

import json
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from cxlib.engagement.lock import hidden_folder
from cxlib.errors import ConfigError
from cxlib.run.folder import RunFolder

Status = Literal["running", "committing", "done", "FAILED"]
KILLED = "the process that made this run was ended from outside; cx run --resume goes on with it"


@dataclass(frozen=True, slots=True)
class RunState:
    """The state of the last run, in `.cx/run.json` of an engagement's folder.

    Args:
        engagement_folder: The folder of the engagement file.
    """

    engagement_folder: Path

    @property
    def _file(self) -> Path:
        return hidden_folder(self.engagement_folder) / "run.json"

    def note(self, status: Status, folder: RunFolder, options: Mapping[str, Any]) -> None:
        """Note what the run is doing."""
        said = {
            "status": status, "partial": str(folder.partial), "final": str(folder.final),
            "options": dict(options),
        }  # fmt: skip
        partial = self._file.with_suffix(".partial")
        partial.write_text(json.dumps(said, default=str), encoding="utf-8")
        partial.replace(self._file)

    def read(self) -> dict[str, Any]:
        """What was noted last; nothing for a first run."""
        with suppress(OSError, ValueError):
            return dict(json.loads(self._file.read_text(encoding="utf-8")))
        return {}

    def mend(self, kept: Sequence[str]) -> str:
        """Bring a run whose process was killed to an end; only for the holder of the run's lock.

        A run that was complete is handed on; any other is marked FAILED.

        Args:
            kept: Files a run hands on to the engagement's folder.

        Returns:
            What was done, for the user; "" where there was nothing to do.
        """
        said = self.read()
        if said.get("status") not in {"running", "committing"}:
            return ""
        folder = RunFolder(Path(said["partial"]), Path(said["final"]))
        for name in kept:
            for half in self.engagement_folder.glob(f".{name}-*.partial"):
                half.unlink()
        if folder.final.is_dir() and said["status"] == "committing":
            hand_on(folder.final, self.engagement_folder, kept)
            folder.point_latest()
            self.note("done", folder, said["options"])
            return f"mended  {folder.final.name}: its ledger was not handed on yet"
        if folder.partial.is_dir():
            failed = folder.fail(KILLED)
            self.note("FAILED", folder, said["options"])
            return f"mended  {failed.name}: its process had been ended from outside"
        self.note("FAILED", folder, said["options"])
        return ""

    def unfinished(self) -> dict[str, Any]:
        """The options of the last run, if it did not finish.

        Raises:
            ConfigError: There is no such run.
        """
        said = self.read()
        if said.get("status") in {None, "done"}:
            found = (
                f"the last one finished ({Path(said['final']).name})" if said else "none was begun"
            )
            raise ConfigError(f"no run to resume: {found}; leave out --resume")
        return dict(said["options"])


def hand_on(
    made: Path, home: Path, kept: Sequence[str], *, between: Callable[[], object] = bool
) -> None:
    """Put what a run hands on beside the engagement file: all files ready, then each at once.

    Args:
        made: The run's folder.
        home: The folder of the engagement file.
        kept: Names of the files.
        between: Called when everything that needs room on the disk is done.

    Raises:
        OSError: No room or no right; nothing was changed.
    """
    ready: list[tuple[Path, Path]] = []
    try:
        for name in kept:
            if (file := made / name).is_file():
                partial = home / f".{name}-{made.name}.partial"
                ready.append((partial, home / name))
                shutil.copyfile(file, partial)
        between()
        for partial, final in ready:
            os.replace(partial, final)  # noqa: PTH105 - atomic on every system
    finally:
        for partial, _ in ready:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
