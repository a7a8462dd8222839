"""A company with a hidden truth: its tables for learners, its truth for the trainer.

truth = make_company(Path("company"), seed=11, difficulty="usual")
c = open_company("company", language="en")
c.answers.groupby("touchpoint")["nps"].mean()
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Final
from zlib import crc32

import numpy as np
import pandas as pd

from cxlib.data.simulate.company import visible
from cxlib.data.source import Source, duckdb_source
from cxlib.data.tables import table_contract
from cxlib.errors import ConfigError, DataError, InputError, Problem
from cxlib.workshop.company_files import write_files
from cxlib.workshop.company_tables import draw_tables
from cxlib.workshop.truth import Truth, derive_truth, write_truth
from cxlib.workshop.truth_plan import Difficulty, check_parameters, draw_plan

TABLES: Final = (
    "answers", "invitations", "customers", "stores", "orders", "ab_test", "kpi_history",
    "store_panel", "costs",
)  # fmt: skip
LANGUAGES: Final = ("en", "zh-Hant-HK")
MOST_GROUPS: Final = 60


@dataclass(frozen=True)
class Company:
    """A company as learners see it.

    Attributes:
        tables: Table name -> frame; columns as in the contracts, dates parsed, empty cells NaN.
        language: Of the learner: "en" or "zh-Hant-HK".
        folder: Where it lies.
    """

    tables: Mapping[str, pd.DataFrame]
    language: str
    folder: Path

    @property
    def answers(self) -> pd.DataFrame:
        """One row a completed questionnaire."""
        return self.tables["answers"]

    @property
    def invitations(self) -> pd.DataFrame:
        """One row an invitation sent, answered or not."""
        return self.tables["invitations"]

    @property
    def customers(self) -> pd.DataFrame:
        """One row a customer."""
        return self.tables["customers"]

    @property
    def stores(self) -> pd.DataFrame:
        """One row a store."""
        return self.tables["stores"]

    @property
    def orders(self) -> pd.DataFrame:
        """One row an order."""
        return self.tables["orders"]

    @property
    def ab_test(self) -> pd.DataFrame:
        """One row a randomised customer of enquiry_reply."""
        return self.tables["ab_test"]

    @property
    def kpi_history(self) -> pd.DataFrame:
        """One row a KPI and period."""
        return self.tables["kpi_history"]

    @property
    def store_panel(self) -> pd.DataFrame:
        """One row a store and month."""
        return self.tables["store_panel"]

    @property
    def costs(self) -> pd.DataFrame:
        """One row a payment for an initiative."""
        return self.tables["costs"]

    def label(self, words: str) -> str:
        """Words for a chart ("customers per arm") in the learner's language.

        Args:
            words: In English; words that have no translation stay as they are.
        """
        from cxlib.workshop.labels import label

        return label(words, language=self.language)

    @cached_property
    def _sources(self) -> dict[str, Source]:
        import duckdb

        engine = duckdb.connect()
        return {
            name: duckdb_source(frame, table=name, connection=engine)
            for name, frame in self.tables.items()
        }

    def source(self, name: str) -> Source:
        """The table as cxlib's measures read it; all tables share one engine.

        Raises:
            InputError: No such table.
        """
        if name not in self.tables:
            raise InputError(f"table must be one of {', '.join(self.tables)}, got {name!r}")
        return self._sources[name]


def make_company(folder: Path, *, seed: int, difficulty: Difficulty = "usual") -> Truth:
    """Make a company: data, engagement.yml, the form and a page for learners; no truth.

    Args:
        folder: New, or empty.
        seed: 0 to 2,147,483,647; the same seed and difficulty give the same bytes.
        difficulty: "easy", "usual" or "hard".

    Returns:
        The truth; keep it away from learners.

    Raises:
        InputError: An impossible seed or difficulty, or a folder that holds something.
    """
    check_parameters(seed, difficulty)
    folder = Path(folder)
    _check_empty(folder)
    plan = draw_plan(seed, difficulty)
    drawn = draw_tables(plan, _secret(seed, difficulty))
    truth = derive_truth(plan, drawn["stores"], seed=seed, difficulty=difficulty)
    (folder / "data").mkdir(parents=True, exist_ok=True)
    for name in TABLES:
        text = visible(drawn[name]).to_csv(index=False, lineterminator="\n")
        (folder / "data" / f"{name}.csv").write_bytes(text.encode())
    code = _code(folder)
    write_files(folder, name=plan.name, terms=plan.terms, code=code, tables=TABLES)
    return replace(truth, code=code)


def make_groups(
    out: Path, *, seed: int, groups: int = 1, difficulty: Difficulty = "usual", truth: Path
) -> dict[str, Truth]:
    """Make one company a group (seed, seed + 1, …), and write all truths into one file.

    Args:
        out: For one group its folder; for several the folder of ``group_1``, ``group_2``, …
        seed: Of the first group.
        groups: 1 to 60.
        difficulty: Of all groups.
        truth: File for the trainer; never inside `out`.

    Raises:
        InputError: Impossible parameters, a folder in use, a truth file among learners' files.
    """
    check_parameters(seed, difficulty)
    if isinstance(groups, bool) or not isinstance(groups, int) or not 1 <= groups <= MOST_GROUPS:
        raise InputError(f"groups must be a whole number from 1 to {MOST_GROUPS}, got {groups!r}")
    check_parameters(seed + groups - 1, difficulty)
    out, truth = Path(out), Path(truth)
    if truth.resolve().is_relative_to(out.resolve()):
        raise InputError(
            f"the truth must lie outside the learners' folder {out}, got {truth}; "
            "name a file elsewhere with --truth"
        )
    if truth.exists():
        raise InputError(f"the truth file must be new, {truth} exists; name another one")
    names = [f"group_{k}" for k in range(1, groups + 1)] if groups > 1 else [""]
    for name in names:
        _check_empty(out / name)
    made = {
        name: make_company(out / name, seed=seed + k, difficulty=difficulty)
        for k, name in enumerate(names)
    }
    write_truth(made, truth)
    return made


def open_company(folder: str | Path = ".", *, language: str = "en") -> Company:
    """Read a company's tables.

    Looks in `folder`, in ``folder/company``, then where the environment variable CX_COMPANY
    points; without any of them the company of seed 7 is made in the user's temporary folder.

    Raises:
        ConfigError: The language is unknown.
        DataError: A table is missing or damaged.
    """
    if language not in LANGUAGES:
        raise ConfigError(f"language must be one of {', '.join(LANGUAGES)}, got {language!r}")
    place = find_company(folder)
    problems: list[Problem] = []
    tables = {}
    for name in TABLES:
        file = place / "data" / f"{name}.csv"
        try:
            tables[name] = _read(file, name)
        except (OSError, ValueError, UnicodeError):
            problems.append(
                Problem(
                    f"data/{name}.csv", "", "", "must be the table as it was handed out",
                    "unpack the workshop's zip again and leave the data folder as it is",
                )
            )  # fmt: skip
    if problems:
        raise DataError("the company cannot be opened", problems)
    return Company(tables=tables, language=language, folder=place)


def find_company(folder: str | Path = ".") -> Path:
    """Find the folder of a company, or make the one of seed 7."""
    candidates = [Path(folder), Path(folder) / "company"]
    if named := os.environ.get("CX_COMPANY"):
        candidates.append(Path(named))
    for candidate in candidates:
        if (candidate / "data" / "store_panel.csv").is_file() and (
            candidate / "form.csv"
        ).is_file():
            return candidate.resolve()
    return _usual_company()


def _usual_company() -> Path:
    """Make the company of seed 7 once for this user and version."""
    import tempfile

    from cxlib import __version__

    who = os.getuid() if hasattr(os, "getuid") else os.environ.get("USERNAME", "me")
    kept = Path(tempfile.gettempdir()) / f"cx_workshop_{__version__}_{who}"
    if not (kept / "form.csv").is_file():
        with tempfile.TemporaryDirectory() as fresh:
            made = Path(fresh) / "company"
            make_company(made, seed=7)
            import shutil

            shutil.copytree(made, kept, dirs_exist_ok=True)
    return kept


def _check_empty(folder: Path) -> None:
    if folder.is_file():
        raise InputError(f"the company needs a folder, {folder} is a file; name another one")
    if folder.is_dir() and any(folder.iterdir()):
        raise InputError(f"the company needs a new or empty folder, {folder} holds files")


def _code(folder: Path) -> str:
    """A short name of a company's data, letters and digits that are not mistaken for others."""
    import hashlib

    whole = hashlib.sha256()
    for name in TABLES:
        whole.update((folder / "data" / f"{name}.csv").read_bytes())
    letters = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
    return "".join(letters[byte % len(letters)] for byte in whole.digest()[:6])


def _secret(seed: int, difficulty: str) -> int:
    """The seed of the simulator's streams: another one a difficulty."""
    return int(np.random.default_rng([seed, crc32(difficulty.encode())]).integers(2**31))


def _read(file: Path, name: str) -> pd.DataFrame:
    """Read one table with its dates parsed.

    Raises:
        ValueError: A column is missing or a date cannot be read.
    """
    contract = table_contract(name)
    head = pd.read_csv(file, nrows=0).columns
    dates = [c.name for c in contract.columns if c.kind in {"date", "datetime"} and c.name in head]
    texts = {c.name: "str" for c in contract.columns if c.kind == "text" and c.name in head}
    needed = [c.name for c in contract.columns if c.required]
    if absent := [column for column in needed if column not in head]:
        raise ValueError(f"columns absent: {absent}")
    return pd.read_csv(file, parse_dates=dates, dtype=texts)
