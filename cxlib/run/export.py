"""From an executed notebook to report files, one per language and format, and the run's index."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path
from typing import Any

from cxlib.engagement import Engagement
from cxlib.engagement.schema import Period
from cxlib.report.blocks import MIME
from cxlib.report.brand import read_brand
from cxlib.report.fonts import report_fonts
from cxlib.report.html import PageText, render_html
from cxlib.report.writer import Day, Phrase, Value, Writer, phrase


@dataclass(frozen=True, slots=True)
class ReportFile:
    """One report file of a run."""

    notebook: str
    language: str
    format: str
    file: str
    size: int


def export_notebook(
    executed: Any,  # noqa: ANN401 - nbformat's node
    *,
    notebook: str,
    engagement: Engagement,
    folder: Path,
    languages: Sequence[str],
    formats: Sequence[str],
    run: str,
    reused: datetime | None = None,
) -> list[ReportFile]:
    """Write the reports of one executed notebook; the PDF is made from the same HTML.

    ``run`` and ``reused`` go to the last page, as name_run says.

    Raises:
        ReportError: A glyph, an alt text or an element is wrong; names notebook and language.
    """
    brand = read_brand(engagement.folder / engagement.brand)
    fonts = report_fonts()
    files = []
    name_run(executed, run, reused=reused)
    experiment = _chosen(executed)
    for language in languages:
        page = page_text(engagement, notebook, language=language, experiment=experiment)
        html = render_html(
            executed, page=page, brand=brand, fonts=fonts, where=f"{notebook} ({language})"
        )
        made: dict[str, bytes] = {"html": html.encode()}
        if "pdf" in formats:
            from cxlib.report.pdf import render_pdf

            made["pdf"] = render_pdf(
                html, page=page, brand=brand, fonts=fonts, created=engagement.dated()
            )
        for ending in formats:
            path = folder / f"{notebook}.{language}.{ending}"
            path.write_bytes(made[ending])
            files.append(ReportFile(notebook, language, ending, path.name, len(made[ending])))
    return files


def name_run(executed: Any, run: str, *, reused: datetime | None = None) -> None:  # noqa: ANN401
    """Name the run on the last page: the fingerprint of data, engagement file and code.

    Args:
        executed: nbformat's node; its provenance blocks are changed.
        run: The fingerprint of the run the results were calculated in.
        reused: When that was, where it is not the run that makes this page.
    """
    for cell in executed.cells:
        for output in cell.get("outputs", ()):
            block = output.get("data", {}).get(MIME, {})
            if block.get("role") == "provenance":
                for language, html in block["html"].items():
                    write = Writer(language, markup=True)
                    fact = f"<dt>{write(phrase('provenance.run'))}</dt><dd>{escape(run)}</dd>"
                    if reused is not None:
                        when = phrase(
                            "provenance.reused_from", day=Day(reused.date()), time=f"{reused:%H:%M}"
                        )
                        fact += (
                            f"<dt>{write(phrase('provenance.reused'))}</dt><dd>{write(when)}</dd>"
                        )
                    block["html"][language] = html.replace("</dl>", f"{fact}</dl>")


def page_text(
    engagement: Engagement, notebook: str, *, language: str, experiment: str = ""
) -> PageText:
    """The words around the blocks: title, cover facts, labels, foot; of that experiment."""
    write = Writer(language, markup=False)

    def words(key: str, **values: Value) -> str:
        return write(Phrase(key, values))

    client = write(engagement.client.name)
    period = _period(engagement, notebook, experiment)
    span = words("page.period", start=Day(period.start), end=Day(period.end))
    return PageText(
        language=language,
        title=words(f"report.{notebook}"),
        client=client,
        subtitle=words(f"report.{notebook}.question"),
        facts=(
            (words("page.label.period"), span),
            (words("page.label.wave"), engagement.wave),
            (words("page.label.created"), write(Day(engagement.dated()))),
        ),
        contents=words("page.contents"),
        skip=words("page.skip"),
        page_of=PAGE_OF[language],
        answer=words("page.answer"),
        reasons=words("page.reasons"),
        decision=words("page.decision"),
        limit=words("page.limit"),
        grades={grade: write(phrase(f"grade.{grade}")) for grade in "ABCD"},
        provenance=words("provenance.title"),
        footer=words("page.confidential", client=client),
        author=words("page.author"),
    )


def _chosen(executed: Any) -> str:  # noqa: ANN401
    """The experiment a notebook's parameters name; empty where they leave it open."""
    found = ""
    for cell in executed.cells:
        if {"parameters", "injected-parameters"} & set(cell.get("metadata", {}).get("tags", ())):
            named = re.search(r"(?m)^experiment\b[^=]*=\s*([\"'])(.*?)\1", "".join(cell.source))
            found = named[2] if named else found
    return found


def _period(engagement: Engagement, notebook: str, experiment: str) -> Period:
    """The days a report is about: the baseline, its test's own, or the review period."""
    if notebook in BASELINE_REPORTS:
        return engagement.baseline
    if notebook in TEST_REPORTS and engagement.experiments:
        first = engagement.experiments[0]
        return next((e for e in engagement.experiments if e.id == experiment), first).period
    return engagement.review


def write_index(
    path: Path,
    *,
    engagement: Engagement,
    reports: Sequence[ReportFile],
    languages: Sequence[str],
    reused: Mapping[str, datetime] | None = None,
) -> None:
    """Write the run's first page: a link to every report, and which run it was calculated in.

    Args:
        path: The file.
        engagement: Names the client, the brand and the dates.
        reports: The files, in the order of the notebooks.
        languages: In the order the page shows them.
        reused: Per notebook that was not executed, the start of the run its results come from.
    """
    from cxlib.report.index import IndexFile, IndexReport, IndexText, render_index

    def words(item: Value) -> dict[str, str]:
        return {language: Writer(language, markup=False)(item) for language in languages}

    def origin(notebook: str) -> Value:
        when = (reused or {}).get(notebook)
        if when is None:
            return phrase("index.calculated")
        return phrase("index.reused", day=Day(when.date()), time=f"{when:%H:%M}")

    notebooks = dict.fromkeys(report.notebook for report in reports)
    html = render_index(
        [
            IndexReport(
                title=words(phrase(f"report.{notebook}")),
                question=words(phrase(f"report.{notebook}.question")),
                origin=words(origin(notebook)),
                files=tuple(
                    IndexFile(
                        language=report.language,
                        format=report.format,
                        file=report.file,
                        size=report.size,
                    )
                    for report in reports
                    if report.notebook == notebook
                ),
            )
            for notebook in notebooks
        ],
        text=IndexText(
            client=words(engagement.client.name),
            title=words(phrase("index.title")),
            languages=words(phrase("index.language")),
            facts=(
                (words(phrase("page.label.wave")), words(engagement.wave)),
                (words(phrase("page.label.created")), words(Day(engagement.dated()))),
            ),
            footer=words(phrase("index.lead")),
        ),
        brand=read_brand(engagement.folder / engagement.brand),
        fonts=report_fonts(),
    )
    path.write_text(html, encoding="utf-8", newline="\n")


BASELINE_REPORTS = {"01_diagnosis", "02_kpi_setting"}
TEST_REPORTS = {"03_ab_test"}
PAGE_OF = {"en": "Page {page} of {pages}", "zh-Hant-HK": "第 {page} 頁，共 {pages} 頁"}
