"""The report a notebook fills: sections, findings, tables, figures, the answer, provenance.

    report = Report(engagement, "01_diagnosis", language=language)
    report.section("diagnosis.scores")
    report.say("diagnosis.scores.finding", level="descriptive", worst=name, score=estimate)

Each call returns a `Block`, the last expression of its cell.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cxlib.engagement.schema import Engagement
from cxlib.errors import ConfigError, ReportError
from cxlib.report.blocks import Block, Role
from cxlib.report.catalogue import has_message
from cxlib.report.findings import Finding, Grade, Level, check_wording
from cxlib.report.tables import Status, Table
from cxlib.report.writer import Num, Phrase, Value, Writer, phrase

if TYPE_CHECKING:
    from cxlib.report.figures import Theme, ThemedFigure

Draw = Callable[["Theme", Writer], "ThemedFigure"]


class Report:
    """Collects what one notebook says, in every language of the engagement.

    Args:
        engagement: The checked engagement.
        notebook: The notebook's name, "01_diagnosis".
        language: Shown in an open notebook; "" takes the engagement's first.

    Raises:
        ConfigError: The language is not one of the engagement's.
    """

    def __init__(self, engagement: Engagement, notebook: str, *, language: str = "") -> None:
        self.engagement = engagement
        self.notebook = notebook
        self.languages: tuple[str, ...] = tuple(engagement.languages)
        self.live = language or self.languages[0]
        if self.live not in self.languages:
            raise ConfigError(
                f"language must be one of {', '.join(self.languages)}, got {self.live!r}"
            )
        self.findings: dict[str, Finding] = {}

    def section(
        self, key: str, level: Level | None = None, grade: Grade | None = None, /, **values: Value
    ) -> Block:
        """Open a section: its title is a sentence (``key``.title), then a lead (``key``.lead).

        Args:
            key: Names the section; its title and lead are catalogue texts.
            level: What kind of claim it makes, printed under the title; its words must keep to
                it. None for a section that claims nothing, such as the limits.
            grade: Evidence grade, where the title says what a design can show.
            values: What the title and the lead mention.

        Raises:
            ReportError: A causal word in the title or lead without the evidence for it.
        """
        title, lead = Phrase(f"{key}.title", values), Phrase(f"{key}.lead", values)

        def html(write: Writer) -> str:
            head, text = write(title), write(lead)
            shown = ""
            if level is not None:
                finding = Finding(key=key, sentence=title, level=level, grade=grade)
                check_wording(finding, f"{head} {text}", write.language)
                said = "shown" if grade in {"A", "B"} and level == "diagnostic" else level
                shown = f'<p class="level">{write(phrase(f"level.{said}"))}</p>'
            return f'<h2 id="{_anchor(key)}">{head}</h2>{shown}<p class="lead">{text}</p>'

        return self._block("section", key, html)

    def say(
        self,
        key: str,
        why: Phrase | None = None,
        /,
        *,
        level: Level,
        grade: Grade | None = None,
        **values: Value,
    ) -> Block:
        """State a finding: a catalogue sentence, its level and, for causes, its evidence grade.

        ``why`` says what the grade means, where not the usual words.

        Raises:
            ReportError: A causal word without the evidence for it, or a key said twice.
        """
        finding = Finding(key=key, sentence=Phrase(key, values), level=level, grade=grade, why=why)
        if key in self.findings:
            raise ReportError(f"finding {key!r} is said twice in {self.notebook}")
        self.findings[key] = finding
        badge = finding.badge

        def html(write: Writer) -> str:
            text = write(finding.sentence)
            check_wording(finding, text, write.language)
            shown = f'<p class="note">{write(badge)}</p>' if badge else ""
            graded = f" grade-{grade}" if grade else ""
            return f'<aside class="finding{graded}"><p>{text}</p>{shown}</aside>'

        record = {"level": level, "grade": grade, "sentence": self._plain(finding.sentence)}
        return self._block("finding", key, html, record=record)

    def table(self, key: str, table: Table) -> Block:
        """Show a table of results."""
        return self._block("table", key, lambda write: table.html(write, anchor=_anchor(key)))

    def figure(
        self, key: str, draw: Draw, *, title: Phrase, subtitle: Phrase, source: Phrase, alt: Phrase
    ) -> Block:
        """Draw a figure once in each language.

        Args:
            key: Names the figure; its anchor and the ids inside its SVG come from it.
            draw: Called with the theme and a function that writes any value as plain text.
            title: Action title: a sentence with a number.
            subtitle: Topic, unit and period.
            source: n, period, interval and method.
            alt: What the figure shows, for who cannot see it.
        """
        from cxlib.report.figures import to_svg

        def html(write: Writer) -> str:
            plain = self._writer(write.language, markup=False)
            prefix = f"{_anchor(key)}-{write.language.lower()}"
            svg = to_svg(draw(self.theme, plain), prefix=prefix, alt=plain(alt), title=plain(title))
            return (
                f'<figure id="{_anchor(key)}"><figcaption><strong class="title">{write(title)}'
                f'</strong><span class="subtitle">{write(subtitle)}</span></figcaption>{svg}'
                f'<p class="source">{write(source)}</p></figure>'
            )

        return self._block("figure", key, html)

    def together(self, key: str, blocks: Sequence[Block]) -> Block:
        """Join blocks into one, in the order given, for a cell that shows several.

        Raises:
            ReportError: There is no block, or one that has a page of its own.
        """
        roles = [block.role for block in blocks]
        if not roles or {"answer", "provenance"} & set(roles):
            listed = ", ".join(dict.fromkeys(roles)) or "no block"
            raise ReportError(
                f"blocks shown together must not be the answer or the provenance, got {listed}"
            )
        html = {lang: "".join(block.html[lang] for block in blocks) for lang in self.languages}
        return Block(blocks[0].role, key, html, self.live)

    def kpis(self, key: str, tiles: Sequence[tuple[Phrase, Value, Phrase, Status | None]]) -> Block:
        """Show a row of tiles: label, value, note and, where a rule decided it, a status."""

        def html(write: Writer) -> str:
            shown = "".join(
                f'<div class="kpi{f" status-{status}" if status else ""}">'
                f'<p class="kpi-label">{write(label)}</p><p class="kpi-value">{write(value)}</p>'
                f'<p class="kpi-note">{write(note)}</p></div>'
                for label, value, note, status in tiles
            )
            return f'<div class="kpis">{shown}</div>'

        return self._block("kpis", key, html)

    def items(self, key: str, items: Iterable[Phrase], *, role: Role = "actions") -> Block:
        """Show a list of sentences: actions with owner and date, or limits."""
        lines = tuple(items)
        tag = "ol" if role == "actions" else "ul"
        return self._block(
            role,
            key,
            lambda write: f"<{tag}>{''.join(f'<li>{write(line)}</li>' for line in lines)}</{tag}>",
        )

    def answer(self, key: str, *, reasons: Sequence[str], **values: Value) -> Block:
        """Give the answer for the cover page: ``key``.answer, three reasons, ``key``.decision.

        Args:
            key: Catalogue prefix.
            reasons: Keys of three findings already said; their sentences are the reasons, in the
                words of ``reason``.short where the catalogue has them. Where a new evidence grade
                comes in, it is named.

        Raises:
            ReportError: Not three reasons, or one that was never said.
        """
        if len(reasons) != 3:  # noqa: PLR2004 - three reasons is the house rule
            raise ReportError(f"an answer has 3 reasons, got {len(reasons)}")
        if unsaid := [reason for reason in reasons if reason not in self.findings]:
            raise ReportError(f"the reasons were never said in this notebook: {', '.join(unsaid)}")
        said = [self.findings[reason] for reason in reasons]
        grades = [finding.grade for finding in said]
        answer, decision = Phrase(f"{key}.answer", values), Phrase(f"{key}.decision", values)

        def short(finding: Finding) -> Phrase:
            key = f"{finding.key}.short"
            return Phrase(key, finding.sentence.values) if has_message(key) else finding.sentence

        def html(write: Writer) -> str:
            listed = ""
            for place, finding in enumerate(said):
                new = finding.badge if finding.grade not in grades[:place] else None
                gap = " " if write.language == "en" else ""
                graded = f"{gap}<em>{write(new)}</em>" if new else ""
                text = write(short(finding))
                check_wording(finding, text, write.language)
                listed += f"<li>{text}{graded}</li>"
            return (
                f'<section class="answer"><p class="lead">{write(answer)}</p>'
                f'<ol class="reasons">{listed}</ol><p class="decision">{write(decision)}</p>'
                "</section>"
            )

        record = {"answer": self._plain(answer), "decision": self._plain(decision)}
        return self._block("answer", key, html, record=record)

    def facts(self, key: str, facts: Sequence[tuple[Phrase, Value]], *, role: Role) -> Block:
        """Show labelled facts, for the provenance page."""

        def html(write: Writer) -> str:
            pairs = "".join(
                f"<dt>{write(name)}</dt><dd>{write(value)}</dd>" for name, value in facts
            )
            title = write(phrase(f"{key}.title"))
            return f'<h2 id="{_anchor(key)}">{title}</h2><dl class="facts">{pairs}</dl>'

        return self._block(role, key, html)

    @cached_property
    def theme(self) -> "Theme":
        """Colours and fonts of the client's brand for charts."""
        from cxlib.report.brand import read_brand
        from cxlib.report.figures import theme_from
        from cxlib.report.fonts import report_fonts

        brand = read_brand(self.engagement.folder / self.engagement.brand)
        return theme_from(brand, fonts=report_fonts())

    def _writer(self, language: str, *, markup: bool) -> Writer:
        level = Num(self.engagement.confidence_level, "share")
        return Writer(language, markup, {"level": level})

    def _plain(self, item: Phrase) -> dict[str, str]:
        return {lang: self._writer(lang, markup=False)(item) for lang in self.languages}

    def _block(
        self,
        role: Role,
        key: str,
        html: Callable[[Writer], str],
        *,
        record: dict[str, Any] | None = None,
    ) -> Block:
        made = {lang: html(self._writer(lang, markup=True)) for lang in self.languages}
        return Block(role, key, made, self.live, json.loads(json.dumps(record or {})))


def _anchor(key: str) -> str:
    return key.replace(".", "-").replace("_", "-")
