"""The workbook's notebooks: what each reads and needs from the ledger."""

from collections.abc import Container, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from cxlib.engagement.ledger import MAKERS
from cxlib.errors import ConfigError

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "notebooks"


@dataclass(frozen=True, slots=True)
class Notebook:
    """One notebook of the workbook.

    Attributes:
        name: File name without ending.
        tables: Tables it reads.
        needs: Ledger entries it cannot do without.
        hears: Ledger entries it reads where they exist.
        optional: Tables that add a section where the engagement has them.
        parts: Parts of the engagement file it is about; empty means nothing to run on.
    """

    name: str
    tables: tuple[str, ...]
    needs: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    hears: tuple[str, ...] = ()

    def reads(self, named: Container[str]) -> tuple[str, ...]:
        """The tables it reads of an engagement that names these."""
        return (*self.tables, *(table for table in self.optional if table in named))

    @property
    def keeps_goals(self) -> bool:
        """Whether it comes after the goals were frozen, and so must present their rules."""
        return "02_kpi_setting" < self.name < "07"

    @property
    def keeps_record(self) -> bool:
        """Whether it writes or reads the record of KPI values beside the ledger."""
        return "04_roi_review" < self.name < "07"

    def waits_for(self, chosen: Container[str]) -> frozenset[str]:
        """The notebooks of a run that must be done before it may begin."""
        makers = {MAKERS[entry] for entry in (*self.needs, *self.hears)}
        if self.keeps_goals:
            makers.add(MAKERS["goal_rules"])
        if self.keeps_record:
            makers.add(MAKERS["record"])
        return frozenset(maker for maker in makers if maker < self.name and maker in chosen)

    def shows_later(self, chosen: Container[str]) -> frozenset[str]:
        """The later notebooks of a run that write what it shows where it exists."""
        makers = {MAKERS[entry] for entry in self.hears}
        return frozenset(maker for maker in makers if maker > self.name and maker in chosen)

    @property
    def path(self) -> Path:
        """The notebook file."""
        return FOLDER / f"{self.name}.ipynb"


NOTEBOOKS = {
    notebook.name: notebook
    for notebook in (
        Notebook(
            "01_diagnosis",
            ("answers", "invitations"),
            optional=(
                "cases",
                "orders",
                "events",
                "stores",
                "customers",
                "difficulty",
                "maturity",
                "overall",
                "mentions",
                "mention_codes",
            ),
        ),
        Notebook(
            "02_kpi_setting",
            ("kpi_history", "invitations", "store_panel"),
            needs=("diagnosis",),
            hears=("verdicts", "chances"),
            parts=("kpis", "goals"),
            optional=(
                "answers",
                "orders",
                "costs",
                "mentions",
                "mention_codes",
                "stores",
                "events",
            ),
        ),
        Notebook("03_ab_test", ("ab_test",), parts=("experiments",), hears=("rules", "verdicts")),
        Notebook(
            "04_roi_review",
            ("store_panel", "stores", "orders", "costs"),
            needs=("baselines",),
            hears=("verdicts",),
            parts=("initiatives",),
            optional=("customers", "answers", "cases"),
        ),
        Notebook(
            "05_kpi_tracking",
            ("kpi_history", "answers"),
            needs=("targets",),
            hears=("record", "baselines"),
            parts=("kpis",),
            optional=(
                "mentions",
                "mention_codes",
                "cases",
                "followups",
                "employees",
                "stores",
            ),
        ),
        Notebook(
            "06_half_year_review",
            ("answers",),
            needs=("diagnosis", "targets", "kpis", "record"),
            hears=("chances", "effects", "verdicts", "baselines"),
            parts=("kpis",),
        ),
        Notebook(
            "07_branch_comparison",
            ("answers",),
            parts=("comparison",),
            optional=("invitations", "stores"),
        ),
    )
}


def select_notebooks(names: Sequence[str]) -> list[Notebook]:
    """The named notebooks in workbook order; none named means all.

    Args:
        names: Full names or their numbers ("01", "1"), in any order.

    Raises:
        ConfigError: A name is unknown; the message offers the nearest.
    """
    chosen = {_find(name) for name in names} or set(NOTEBOOKS)
    notebooks = [notebook for name, notebook in NOTEBOOKS.items() if name in chosen]
    if missing := [notebook.path.name for notebook in notebooks if not notebook.path.is_file()]:
        raise ConfigError(
            f"notebook files are missing in {FOLDER.name}/: {', '.join(missing)}; restore them"
        )
    return notebooks


def _find(name: str) -> str:
    wanted = name.removesuffix(".ipynb").rsplit("/", 1)[-1]
    for known in NOTEBOOKS:
        if wanted == known or wanted.zfill(2) == known[:2]:
            return known
    near = get_close_matches(wanted, NOTEBOOKS, n=1, cutoff=0.3)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise ConfigError(f"no notebook {name!r}; {hint}there are: {', '.join(NOTEBOOKS)}")
