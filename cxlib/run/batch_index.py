"""The first page of a batch: every branch with its reports, or why it has none."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from cxlib.report.brand import read_brand
from cxlib.report.fonts import missing_characters, report_fonts
from cxlib.report.index import IndexFile, IndexReport, IndexText, render_index
from cxlib.report.writer import Day, Num, Phrase, Value, Writer, phrase
from cxlib.run.batch_plan import Branch, Plan
from cxlib.run.batch_work import Outcome

STATES: Final[Mapping[str, str]] = {
    "done": "batch.state.done",
    "unchanged": "batch.state.unchanged",
    "too_few": "batch.state.too_few",
    "data": "batch.state.data",
    "run": "batch.state.run",
    "worker": "batch.state.worker",
    "": "batch.state.waiting",
}


def write_batch_index(
    path: Path,
    *,
    plan: Plan,
    outcomes: Mapping[str, Outcome],
    comparison: Path | None,
    languages: Sequence[str],
) -> None:
    """Write the index of a batch.

    Args:
        path: Of ``index.html``.
        plan: The batch.
        outcomes: Branch to what became of it; a branch that is missing was not begun.
        comparison: The finished run that compares the branches, where there is one.
        languages: Of the page, in order.

    Raises:
        ReportError: The client's name or the brand cannot be printed.
    """
    page = _Page(path.parent, tuple(languages))
    entries = [page.comparison(comparison)] if comparison else []
    for branch in plan.branches:
        entries += page.entries(branch, outcomes.get(branch.id))
    done = sum(outcome.state in {"done", "unchanged"} for outcome in outcomes.values())
    html = render_index(
        entries,
        text=IndexText(
            client=page.words(plan.engagement.client.name),
            title=page.words(phrase("batch.title")),
            languages=page.words(phrase("index.language")),
            facts=(
                (page.words(phrase("page.label.wave")), page.words(plan.engagement.wave)),
                (
                    page.words(phrase("page.label.created")),
                    page.words(Day(plan.engagement.dated())),
                ),
                (
                    page.words(phrase("batch.label.done")),
                    page.words(phrase("batch.done", n=Num(done), all=Num(len(plan.branches)))),
                ),
            ),
            footer=page.words(phrase("batch.lead")),
        ),
        brand=read_brand(plan.engagement.folder / plan.engagement.brand),
        fonts=report_fonts(),
    )
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(html, encoding="utf-8", newline="\n")
    partial.replace(path)


class _Page:
    """Words and links of the page."""

    def __init__(self, folder: Path, languages: tuple[str, ...]) -> None:
        self.folder, self.languages = folder, languages
        self._fonts = report_fonts()

    def words(self, item: Value) -> dict[str, str]:
        """The same in every language."""
        return {code: Writer(code, markup=False)(item) for code in self.languages}

    def entries(self, branch: Branch, outcome: Outcome | None) -> list[IndexReport]:
        """A line for each report of a branch, or one that says why there is none."""
        name = {code: self._printable(words) for code, words in branch.name.items()}
        key = "" if outcome is None else outcome.cause or outcome.state
        said = self.words(Phrase(STATES[key], {}))
        if outcome is None or not outcome.reports:
            title = {code: name[code] for code in self.languages}
            return [IndexReport(title=title, question=said, files=())]
        run = Path(outcome.folder)
        notebooks = list(dict.fromkeys(report["notebook"] for report in outcome.reports))
        return [
            IndexReport(
                title=self.words(
                    phrase("batch.report", branch=name, report=phrase(f"report.{notebook}"))
                ),
                question=said,
                files=self._files(run, [r for r in outcome.reports if r["notebook"] == notebook]),
            )
            for notebook in notebooks
        ]

    def comparison(self, run: Path) -> IndexReport:
        """The line of the comparison across branches."""
        import json

        reports = json.loads((run / "run.json").read_text(encoding="utf-8"))["reports"]
        return IndexReport(
            title=self.words(phrase("batch.comparison")),
            question=self.words(phrase("batch.comparison.lead")),
            files=self._files(run, reports),
        )

    def _files(self, run: Path, reports: Sequence[Mapping[str, object]]) -> tuple[IndexFile, ...]:
        return tuple(
            IndexFile(
                language=str(report["language"]),
                format=str(report["format"]),
                file=Path(os.path.relpath(run / str(report["file"]), self.folder)).as_posix(),
                size=int(str(report["size"])),
            )
            for report in reports
        )

    def _printable(self, name: str) -> str:
        """A name with a mark in place of what no font can draw; one name never costs the page."""
        missing = set(missing_characters(name, self._fonts))
        return "".join("?" if character in missing else character for character in name)
