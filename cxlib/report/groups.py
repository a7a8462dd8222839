"""Groups held against each other: channels, segments, and stores in a league with intervals."""

from collections.abc import Mapping
from dataclasses import replace

from cxlib.data.open import Data
from cxlib.measures.groups import GroupComparison, GroupDifference
from cxlib.measures.league import LIMITS, League, LeagueEntry
from cxlib.report import figures
from cxlib.report.blocks import Block
from cxlib.report.readings import nothing
from cxlib.report.report import Draw, Report
from cxlib.report.scope import period_values
from cxlib.report.tables import Cell, Column, Table
from cxlib.report.who_answered import category, margin_names, none_block
from cxlib.report.writer import Joined, Num, Phrase, Value, Writer, phrase
from cxlib.stats.estimate import Estimate

MOST_STORES = 5_000


def section(report: Report, channels: GroupComparison, segments: GroupComparison) -> Block:
    """Open the section on groups with the widest difference that is shown."""
    clear = [
        (abs(pair.estimate.value), comparison, pair)
        for comparison in (channels, segments)
        for pair in comparison.differences
        if pair.higher != "unclear"
    ]
    n = len(channels.differences) + len(segments.differences)
    if not n:
        return report.section("groups_none")
    if not clear:
        headline = phrase("groups.title_unclear", n=n)
    else:
        _, comparison, pair = max(clear, key=lambda found: found[0])
        headline = Phrase("groups.title_clear", pair_values(comparison, pair))
    return report.section("groups", "diagnostic", headline=headline, n=n, n_clear=len(clear))


def pair_values(comparison: GroupComparison, pair: GroupDifference) -> dict[str, Value]:
    """Two groups named so that the difference is not negative, with their scores."""
    scores = {score.group: score.shown for score in comparison.scores if not score.suppressed}
    high, low, turned = pair.first, pair.second, pair.estimate
    if turned.value < 0:
        high, low, turned = low, high, _turned(turned)
    return {
        "high_name": category(comparison.by, high[0]), "high": scores[high],
        "low_name": category(comparison.by, low[0]), "low": scores[low],
        "difference": turned, "metric": phrase(f"who.metric.{comparison.sample.metric}"),
        "p_value": Num(turned.p_value or 0.0, "p_value"),
    }  # fmt: skip


def _turned(estimate: Estimate) -> Estimate:
    """Give second minus first instead of first minus second."""
    return Estimate(
        value=-estimate.value,
        ci_lower=-estimate.ci_upper,
        ci_upper=-estimate.ci_lower,
        n_obs=estimate.n_obs,
        unit=estimate.unit,
        method=estimate.method,
        confidence_level=estimate.confidence_level,
        p_value=estimate.p_value,
    )


def _complement(chance: Estimate) -> Estimate:
    """Give the chance that the second is higher instead of the first."""
    return replace(
        chance,
        value=1 - chance.value,
        ci_lower=1 - chance.ci_upper,
        ci_upper=1 - chance.ci_lower,
    )


def difference_table(report: Report, comparison: GroupComparison) -> Block:
    """Show every two groups of a column with difference, interval and Holm's p-value."""
    by = comparison.by
    if not comparison.differences:
        return none_block(report, f"groups.{by}.none")
    found = [pair_values(comparison, pair) for pair in comparison.differences]
    chances = comparison.chances
    for row, pair, chance in zip(found, comparison.differences, chances, strict=bool(chances)):
        row["chance"] = _complement(chance) if pair.estimate.value < 0 else chance
    rows: list[tuple[Cell, ...]] = [
        (
            Phrase("groups.versus", row),
            row["high"],
            row["low"],
            Phrase("groups.signed", row),
            Phrase("groups.signed_interval", row),
            row["p_value"],
            *([Phrase("groups.chance_cell", row)] if chances else []),
            Num(pair.estimate.n_obs),
        )
        for row, pair in zip(found, comparison.differences, strict=True)
    ]
    clear = sum(pair.higher != "unclear" for pair in comparison.differences)
    weights = comparison.sample.weights
    values: dict[str, Value] = {
        "clear": clear, "family": len(found),
        "metric": phrase(f"who.metric.{comparison.sample.metric}"),
        "weighted": phrase(
            "groups.unweighted" if weights.adjustment == "none" else "groups.weighted",
            margins=phrase("list.none")
            if weights.adjustment == "none"
            else margin_names(weights.margins),
        ),
        "floor": report.engagement.minimum_cell,
        **period_values(report.engagement.baseline),
    }  # fmt: skip
    ordinal = ("chance",) if chances else ()
    heads = ("pair", "high", "low", "difference", "difference_ci", "p_value", *ordinal, "n")
    return report.table(
        f"groups.{by}",
        Table(
            title=Phrase(f"groups.{by}.table", values),
            subtitle=Phrase(f"groups.{by}.subtitle", values),
            source=Phrase(f"groups.source{'_chance' if chances else ''}", values),
            columns=[Column(f"groups.{head}") for head in heads],
            rows=rows,
        ),
    )


def consistency_finding(report: Report, channels: GroupComparison) -> Block:
    """Say whether channels score alike within the stated margin, or that nobody can tell."""
    if channels.alike is None:
        return none_block(report, "groups.channel.none")
    alike = channels.alike
    unit = alike.differences[0].estimate.unit
    pair = alike.differences[alike.worst]
    return report.say(
        f"groups.consistency.{alike.verdict}",
        level="descriptive",
        grade=None,
        margin=phrase(f"groups.amount.{unit}", value=Num(alike.margin, unit)),
        n_pairs=len(alike.differences),
        **pair_values(channels, pair),
        **period_values(report.engagement.baseline),
    )


def store_names(data: Data) -> dict[str, Value]:
    """Read what stores are called; without a store table their ids must do."""
    if "store" not in (data["stores"].columns if "stores" in data else ()):
        return {}
    source = data["stores"]
    columns = [name for name in ("name_en", "name_zh") if name in source.columns]
    frame = source.rows(["store", *columns], at_most=MOST_STORES)
    languages = {"name_en": "en", "name_zh": "zh-Hant-HK"}
    return {
        str(row["store"]): {
            language: str(row[name])
            for name, language in languages.items()
            if name in columns and isinstance(row[name], str)
        }
        or str(row["store"])
        for row in frame.to_dict("records")
    }


def league_chart(
    report: Report, league: League | None, comparison: GroupComparison, names: Mapping[str, Value]
) -> Block:
    """Draw the funnel plot: stores outside the limits are named, the others are chance."""
    if league is None:
        return none_block(report, "groups.league.none")
    values = league_values(report, league, comparison, names)
    draw = funnel_of(league, names, metric=values["metric"])
    case = "some" if any(entry.place != "inside" for entry in league.entries) else "no"
    return report.figure(
        "groups.league.funnel",
        draw,
        title=Phrase(f"groups.league.chart_{case}", values),
        subtitle=Phrase("groups.league.subtitle", values),
        source=Phrase("groups.league.source", values),
        alt=Phrase("groups.league.alt", values),
    )


def funnel_of(
    league: League,
    names: Mapping[str, Value],
    *,
    metric: Value,
    answers: str = "groups.league.answers",
    score: str = "groups.league.axis",
) -> Draw:
    """Draw the funnel plot of a league; branches outside the limits are named.

    Args:
        league: The branches.
        names: What they are called.
        metric: What is scored, for the axis.
        answers: Catalogue key of the axis of answers.
        score: Catalogue key of the axis of scores.
    """
    kind = league.unit

    def draw(theme: figures.Theme, write: Writer) -> figures.ThemedFigure:
        def limit(level: float) -> figures.FunnelLimit:
            key = "groups.league.limit" if level == LIMITS[0] else "groups.league.limit_wide"
            label = write(phrase(key, level=Num(level, "share")))
            return figures.FunnelLimit(label=label, at=lambda n: league.limits(n, level))

        return figures.funnel_plot(
            [
                figures.FunnelPoint(
                    label=write(names.get(entry.unit, entry.unit)),
                    n=entry.adjusted.n_obs,
                    value=entry.adjusted.value,
                    side=_side(entry, league),
                )
                for entry in league.entries
            ],
            theme=theme,
            centre=league.overall,
            limits=[limit(level) for level in LIMITS],
            x_fmt=lambda n: write(Num(n)),
            y_fmt=lambda value: write(Num(value, kind)),
            x_label=write(phrase(answers)),
            y_label=write(phrase(score, metric=metric)),
            centre_label=write(phrase("chart.overall")),
            side_labels={
                "inside": write(phrase("groups.league.inside")),
                "above": write(phrase("groups.league.above")),
                "below": write(phrase("groups.league.below")),
            },
        )

    return draw


def league_table(
    report: Report, league: League | None, comparison: GroupComparison, names: Mapping[str, Value]
) -> Block:
    """Show every store with its rank interval, the highest score first."""
    if league is None:
        return nothing(report, "groups.league")  # the chart before it has said so
    rows: list[tuple[Cell, ...]] = [
        (
            names.get(entry.unit, entry.unit),
            Num(entry.score, league.unit),
            entry.adjusted,
            phrase("cell.interval", value=entry.adjusted),
            phrase("cell.ranks", low=entry.rank_lower, high=entry.rank_upper),
            Num(entry.adjusted.n_obs),
            phrase(f"groups.league.{_place(entry, league)}"),
        )
        for entry in league.entries
    ]
    values = league_values(report, league, comparison, names)
    heads = ("store", "score", "adjusted", "adjusted_ci", "rank", "n", "place")
    return report.table(
        "groups.league",
        Table(
            title=Phrase("groups.league.table", values),
            subtitle=Phrase("groups.league.table_subtitle", values),
            source=Phrase("groups.league.table_source", values),
            columns=[
                Column(f"groups.league.{head}", "text" if head == "place" else "num")
                for head in heads
            ],
            rows=rows,
        ),
    )


def league_values(
    report: Report, league: League, comparison: GroupComparison, names: Mapping[str, Value]
) -> dict[str, Value]:
    """Who leads, who is outside the limits, and what chance alone would put there."""
    out = [entry for entry in league.entries if entry.place != "inside"]
    top, last = league.entries[0], league.entries[-1]
    return {
        "metric": phrase(f"who.metric.{comparison.sample.metric}"),
        "overall": Num(league.overall, league.unit),
        "n_stores": len(league.entries),
        "hidden": phrase(
            f"groups.league.hidden_{'some' if league.hidden else 'none'}",
            n_hidden=len(league.hidden), floor=report.engagement.minimum_cell,
        ),
        "n": sum(entry.adjusted.n_obs for entry in league.entries),
        "n_out": len(out), "expected": Num(league.expected_outside, "points"),
        "n_far": sum(entry.place == "far_outside" for entry in out),
        "out": Joined(tuple(names.get(entry.unit, entry.unit) for entry in out))
        if out else phrase("list.none"),
        "spread_p": Num(league.spread_p, "p_value"),
        "top": names.get(top.unit, top.unit), "top_low": top.rank_lower, "top_high": top.rank_upper,
        "last": names.get(last.unit, last.unit), "last_low": last.rank_lower,
        "last_high": last.rank_upper,
        "narrow": Num(LIMITS[0], "share"), "wide": Num(LIMITS[1], "share"),
        "floor": report.engagement.minimum_cell,
        **period_values(report.engagement.baseline),
    }  # fmt: skip


def _side(entry: LeagueEntry, league: League) -> figures.FunnelSide:
    if entry.place == "inside":
        return "inside"
    return "above" if entry.adjusted.value > league.overall else "below"


def _place(entry: LeagueEntry, league: League) -> str:
    side = _side(entry, league)
    return side if entry.place != "far_outside" else f"far_{side}"
