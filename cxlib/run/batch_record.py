"""What is known of a batch's branches, so that calling again runs only what is not done."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from cxlib.run.batch_plan import Branch
from cxlib.run.batch_work import Outcome
from cxlib.run.runner import Options
from cxlib.run.trace import digest_of

FILE = "batch.json"
LAYOUT = 1


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """The record of a batch, written anew after each branch.

    Args:
        folder: Where it lies.
        settings: Fingerprint of program, packages and options; branches made under another one
            are made again.
    """

    folder: Path
    settings: str

    def earlier(self, branch: Branch) -> Outcome | None:
        """A branch's outcome that still holds: the same inputs, its reports still there."""
        said = self._read().get(branch.id)
        if not said or said["fingerprint"] != self._of(branch):
            return None
        if said["state"] == "too_few":
            return Outcome(id=branch.id, state="too_few")
        if said["state"] != "done":
            return None
        folder = Path(said["folder"])
        if not all((folder / report["file"]).is_file() for report in said["reports"]):
            return None
        if not (folder / "run.json").is_file():
            return None
        return Outcome(
            id=branch.id, state="unchanged", folder=str(folder), reports=tuple(said["reports"]),
            worker=said["worker"],
        )  # fmt: skip

    def note(self, branch: Branch, outcome: Outcome) -> None:
        """Write down what became of a branch; nothing of one with too few answers but that."""
        known = self._read()
        if outcome.state != "unchanged":
            known[branch.id] = {
                "value": branch.value, "fingerprint": self._of(branch), **asdict(outcome),
            }  # fmt: skip
        self._write(known)

    def keep_only(self, branches: Mapping[str, Branch]) -> None:
        """Forget branches that are no more."""
        known = self._read()
        if set(known) - set(branches):
            self._write({name: said for name, said in known.items() if name in branches})

    def _of(self, branch: Branch) -> str:
        return digest_of([branch.fingerprint, self.settings])

    def _read(self) -> dict[str, Any]:
        with suppress(OSError, ValueError, KeyError, TypeError):
            said = json.loads((self.folder / FILE).read_text(encoding="utf-8"))
            if said["layout"] == LAYOUT:
                return dict(said["branches"])
        return {}

    def _write(self, known: Mapping[str, Any]) -> None:
        text = json.dumps({"layout": LAYOUT, "branches": known}, ensure_ascii=False, indent=1)
        partial = self.folder / f".{FILE}.partial"
        partial.write_text(text + "\n", encoding="utf-8")
        partial.replace(self.folder / FILE)


def settings_digest(options: Options, *, program: str) -> str:
    """Fingerprint of what decides a branch's reports besides its own files."""
    return digest_of([
        program, list(options.notebooks), list(options.languages), list(options.formats),
        str(options.out.resolve()),
    ])  # fmt: skip
