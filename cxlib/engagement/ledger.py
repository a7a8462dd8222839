"""The ledger: what one notebook hands the next, sealed so that a later edit is noticed.

`ledger.json` lies beside the engagement file. An entry holds its content, the hashes of the data
it came from and a seal over both. Entries are either plain (written anew by every run) or frozen
(baselines, targets, decision rules): a frozen entry changes only with a stated reason, and the
reason is kept.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from cxlib.engagement.lock import hidden_folder, locked
from cxlib.errors import ConfigError

WAIT_S = 60.0
MAKERS = {
    "diagnosis": "01_diagnosis",
    "baselines": "02_kpi_setting",
    "targets": "02_kpi_setting",
    "rules": "02_kpi_setting",
    "goal_rules": "02_kpi_setting",
    "chances": "02_kpi_setting",
    "verdicts": "03_ab_test",
    "effects": "04_roi_review",
    "kpis": "05_kpi_tracking",
    "record": "05_kpi_tracking",
    "rule_dates": "02_kpi_setting",
    "review": "06_half_year_review",
}
"""Entry name to the notebook that writes it."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """The entries in one ledger file.

    Args:
        path: The file; it is made with the first entry.
    """

    path: Path

    def read(self, name: str) -> dict[str, Any]:
        """The content of an entry.

        Raises:
            ConfigError: The entry is absent, or its seal does not fit its content.
        """
        entries = self._entries()
        if name not in entries:
            maker = MAKERS[name]
            raise ConfigError(
                f"the ledger {self.path.name} has no {name!r} entry; run {maker} first: "
                f"cx run {maker}"
            )
        return dict(entries[name]["content"])

    def has(self, name: str) -> bool:
        """Whether the entry exists."""
        return name in self._entries()

    def past(self, name: str) -> tuple[dict[str, Any], ...]:
        """The earlier contents of a frozen entry, oldest first, each with its ``reason``.

        Raises:
            ConfigError: As read.
        """
        self.read(name)
        return tuple(
            {"reason": item["reason"], "was": dict(item["was"])}
            for item in self._entries()[name]["history"]
        )

    def seal(self, name: str) -> str:
        """The seal of an entry: 16 hexadecimal digits over content, data and history.

        Raises:
            ConfigError: As read.
        """
        self.read(name)
        return str(self._entries()[name]["seal"])

    def write(self, name: str, content: Mapping[str, Any], *, data: Mapping[str, str]) -> None:
        """Write an entry, replacing an earlier one.

        Args:
            name: One of ``MAKERS``.
            content: Plain values.
            data: Table name to the SHA-256 of its file.
        """
        self._put(name, content, data, frozen=False, history=[])

    def freeze(
        self, name: str, content: Mapping[str, Any], *, data: Mapping[str, str], reason: str = ""
    ) -> None:
        """Write an entry that later runs may repeat but not change.

        Args:
            name: One of ``MAKERS``.
            content: Plain values.
            data: Table name to the SHA-256 of its file.
            reason: Why a frozen entry may change now; it is kept in the entry.

        Raises:
            ConfigError: The entry is frozen with another content and no reason is given.
        """
        entries = self._entries()
        old = entries.get(name)
        history: list[dict[str, Any]] = old["history"] if old else []
        if old and old["frozen"] and old["content"] != _plain(content):
            if not reason:
                changed = _differences(old["content"], _plain(content))
                raise ConfigError(
                    f"the frozen {name!r} entry of {self.path.name} would change: {changed}; "
                    "restore the data it was frozen from, or give a rebase_reason"
                )
            history = [*history, {"reason": reason, "was": old["content"], "seal": old["seal"]}]
        self._put(name, content, data, frozen=True, history=history)

    def _put(
        self,
        name: str,
        content: Mapping[str, Any],
        data: Mapping[str, str],
        *,
        frozen: bool,
        history: list[dict[str, Any]],
    ) -> None:
        entry = {
            "frozen": frozen,
            "content": _plain(content),
            "data": dict(sorted(data.items())),
            "history": history,
        }
        entry["seal"] = _seal(entry)
        self.put({name: entry})

    def put(self, sealed: Mapping[str, Any]) -> None:
        """Put sealed entries beside the others; two that write at once lose nothing.

        Args:
            sealed: Entries as ``entries`` gives them.

        Raises:
            ConfigError: As read, or another program kept the file for a minute.
        """
        with locked(hidden_folder(self.path.parent) / "ledger.lock", wait_s=WAIT_S) as held:
            if not held:
                raise ConfigError(f"another program keeps the ledger {self.path.name}; close it")
            entries = {**self._entries(), **sealed}
            ordered = {key: entries[key] for key in MAKERS if key in entries}
            text = json.dumps(ordered, ensure_ascii=False, indent=1) + "\n"
            partial = self.path.with_suffix(".partial")
            partial.write_text(text, encoding="utf-8", newline="\n")
            os.replace(partial, self.path)  # noqa: PTH105 - atomic on every system

    def entries(self) -> dict[str, Any]:
        """All entries with their seals, none where there is no file.

        Raises:
            ConfigError: As read.
        """
        return self._entries()

    def _entries(self) -> dict[str, Any]:
        if not self.path.is_file():
            return {}
        try:
            entries: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        except ValueError as error:
            raise ConfigError(
                f"the ledger {self.path.name} is not readable JSON ({error}); restore it from a "
                "copy, or delete it and run 01_diagnosis and 02_kpi_setting again"
            ) from None
        for name, entry in entries.items():
            if name not in MAKERS or entry.get("seal") != _seal(entry):
                raise ConfigError(
                    f"the {name!r} entry of {self.path.name} was edited after it was written; "
                    f"restore the file, or run {MAKERS.get(name, 'its notebook')} with a "
                    "rebase_reason after deleting the entry"
                )
        return entries


def _plain(content: Mapping[str, Any]) -> dict[str, Any]:
    """The content as JSON keeps it, to ten digits: another machine's last bit is no change."""
    text = json.dumps(content, ensure_ascii=False, allow_nan=False)
    plain: dict[str, Any] = json.loads(
        text, parse_float=lambda digits: float(f"{float(digits):.10g}")
    )
    return plain


def _seal(entry: Mapping[str, Any]) -> str:
    sealed = {key: entry.get(key) for key in ("frozen", "content", "data", "history")}
    text = json.dumps(sealed, ensure_ascii=False, sort_keys=True)
    return sha256(text.encode()).hexdigest()[:16]


def _differences(old: Any, new: Any, path: str = "") -> str:  # noqa: ANN401 - JSON values
    """Name the first places where two contents differ."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return f"{path.lstrip('.')} was {old!r}, is now {new!r}"
    keys = [*old, *(key for key in new if key not in old)]
    changed = [key for key in keys if old.get(key) != new.get(key)]
    return "; ".join(
        _differences(old.get(key), new.get(key), f"{path}.{key}") for key in changed[:3]
    )
