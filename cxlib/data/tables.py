"""The contract of every table a client may bring: columns, kinds, limits, keys and rules."""

from difflib import get_close_matches
from typing import Final, Literal

import pandas as pd

from cxlib.data.contract import Column, RowRule, TableContract
from cxlib.errors import InputError

CesVersion = Literal["v1", "v2"]

CES_SCALES: Final[dict[CesVersion, tuple[int, int]]] = {"v1": (1, 5), "v2": (1, 7)}
"""CES-v1 asks for effort (lower is better), CES-v2 for ease (higher is better)."""

CXI_ITEMS: Final = ("cxi_needs", "cxi_easy", "cxi_enjoyable")
DRIVER: Final = "driver_"
"""Any column of the answers that begins so is a rated driver, 1 to 5."""
DRIVERS: Final = (
    "driver_speed", "driver_staff", "driver_price", "driver_range", "driver_delivery",
    "driver_assembly", "driver_aftersales",
)  # fmt: skip
KPIS: Final = ("nps", "ces", "positive_mentions", "repurchase_90d", "conversion")
CHANNELS: Final = ("online", "offline", "hybrid")
DIMENSIONS: Final = ("strategy", "data", "people", "process", "culture", "technology")
LANGUAGES: Final = ("en", "zh-Hant")


def _id(name: str) -> Column:
    return Column(name, required=True, unique=True)


def _need(name: str, *allowed: str, references: str = "") -> Column:
    return Column(name, required=True, allowed=allowed, references=references)


def _may(name: str, *allowed: str, references: str = "") -> Column:
    return Column(name, allowed=allowed, references=references)


def _scale(name: str, low: int, high: int) -> Column:
    return Column(name, "int", minimum=low, maximum=high)


def _flag(name: str) -> Column:
    return Column(name, "flag")


def _count(name: str, *, required: bool = False) -> Column:
    return Column(name, "int", required=required, minimum=0)


def _amount(name: str, *, required: bool = False, minimum: float | None = 0) -> Column:
    return Column(name, "number", required=required, minimum=minimum)


def _time(name: str, *, required: bool = False) -> Column:
    return Column(name, "datetime", required=required)


def _date(name: str, *, required: bool = False) -> Column:
    return Column(name, "date", required=required)


def _not_before(first: str, then: str) -> RowRule:
    return RowRule(
        columns=(first, then),
        holds=lambda frame: frame[then] >= frame[first],
        rule=f"{then} must not be before {first}",
        breaks=f"{then} < {first}",
    )


def _not_above(part: str, whole: str) -> RowRule:
    return RowRule(
        columns=(whole, part),
        holds=lambda frame: frame[part] <= frame[whole],
        rule=f"{part} must not be above {whole}",
        breaks=f"{part} > {whole}",
    )


def _instead(reason: str, done: str) -> RowRule:
    return RowRule(
        columns=(reason, done),
        holds=lambda frame: pd.Series(data=False, index=frame.index),
        rule=f"a {reason} says why nothing was done, so {done} must be empty",
        breaks="1 = 1",
    )


def _quarter(name: str) -> RowRule:
    return RowRule(
        columns=(name,),
        holds=lambda frame: frame[name].str.fullmatch(r"\d{4}Q[1-4]").fillna(value=False),
        rule=f"{name} must be a year and a quarter such as 2026Q1",
        breaks=f"translate({name}, '123456789', '000000000') <> '0000Q0' "
        f"or substr({name}, 6, 1) not in ('1', '2', '3', '4')",
    )


def _same_effort_question(ces_version: CesVersion) -> RowRule:
    return RowRule(
        columns=("ces_version",),
        holds=lambda frame: frame["ces_version"] == ces_version,
        rule=f"must be {ces_version} like the engagement; the two versions are never mixed",
        remedy="leave the ces of the other version empty",
        breaks=f"ces_version <> '{ces_version}'",
    )


def _history_rules(ces_version: CesVersion) -> tuple[RowRule, ...]:
    low, high = CES_SCALES[ces_version]
    ranges = {"nps": (-100.0, 100.0), "ces": (float(low), float(high))}

    def in_range(frame: pd.DataFrame) -> pd.Series:
        lowest = frame["kpi"].map(lambda kpi: ranges.get(kpi, (0.0, 1.0))[0])
        highest = frame["kpi"].map(lambda kpi: ranges.get(kpi, (0.0, 1.0))[1])
        return (frame["value"] >= lowest) & (frame["value"] <= highest)

    def bands_add_up(frame: pd.DataFrame) -> pd.Series:
        return frame["promoters"] + frame["passives"] + frame["detractors"] == frame["n_obs"]

    return (
        RowRule(
            columns=("kpi", "value"),
            holds=in_range,
            rule=f"must be -100 to 100 for nps, {low} to {high} for ces, 0 to 1 for a share",
            remedy="correct the value; write 38 % as 0.38",
            breaks="case when kpi = 'nps' then value < -100 or value > 100 "
            f"when kpi = 'ces' then value < {low} or value > {high} "
            "else value < 0 or value > 1 end",
        ),
        RowRule(
            columns=("promoters", "passives", "detractors", "n_obs"),
            holds=bands_add_up,
            rule="promoters, passives and detractors must add up to n_obs",
            remedy="correct one of the counts",
            breaks="promoters + passives + detractors <> n_obs",
        ),
        _not_above("successes", "n_obs"),
    )


def _contracts(ces_version: CesVersion) -> tuple[TableContract, ...]:
    low, high = CES_SCALES[ces_version]
    return (
        TableContract(
            name="answers",
            columns=(
                _id("answer_id"), _may("invitation_id"), _may("customer_id"),
                _need("touchpoint", references="touchpoint"), _may("channel", *CHANNELS),
                _may("store", references="store"), _may("segment"), _may("language", *LANGUAGES),
                _time("answered_at", required=True),
                _scale("nps", 0, 10), _scale("csat", 1, 5), _scale("ces", low, high),
                _may("ces_version"),
                *(_scale(item, 1, 5) for item in CXI_ITEMS), _scale("expectation", 1, 5),
                *(_scale(driver, 1, 5) for driver in DRIVERS), _may("comment"),
            ),
            any_of=("nps", "csat", "ces", *CXI_ITEMS),
            row_rules=(_same_effort_question(ces_version),),
            date="answered_at",
            families=(_scale(DRIVER, 1, 5),),
        ),
        TableContract(
            name="invitations",
            columns=(
                _id("invitation_id"), _may("customer_id"),
                _may("touchpoint", references="touchpoint"),
                _may("channel", *CHANNELS), _may("segment"), _may("store", references="store"),
                _time("sent_at", required=True), _flag("delivered"), _flag("opened"),
                _flag("started"), Column("completed", "flag", required=True),
            ),
            row_rules=(_not_above("started", "delivered"), _not_above("completed", "started")),
            date="sent_at",
        ),
        TableContract(
            name="customers",
            columns=(
                _id("customer_id"), _may("segment"), _date("joined_on"),
                _may("home_store", references="store"), _may("district"), _flag("consent"),
            ),
            date="joined_on",
        ),
        TableContract(
            name="stores",
            columns=(
                _id("store"), _may("name_en"), _may("name_zh"), _may("district"),
                _date("opened_on"), _amount("area_sqft"), _flag("reply_promise"), _flag("coaching"),
            ),
        ),
        TableContract(
            name="orders",
            columns=(
                _id("order_id"), _need("customer_id"), _may("store", references="store"),
                _may("channel", *CHANNELS), _time("ordered_at", required=True), _may("category"),
                _amount("amount_hkd", required=True), _amount("margin_hkd", minimum=None),
                _flag("on_time"), _flag("returned"), _flag("referred"),
            ),
            row_rules=(_not_above("margin_hkd", "amount_hkd"),),
            date="ordered_at",
        ),
        TableContract(
            name="cases",
            columns=(
                _id("case_id"), _may("issue_id"), _may("customer_id"),
                _may("store", references="store"),
                _may("channel", "phone", "whatsapp", "email", "store"), _may("category"),
                _time("opened_at", required=True), _time("first_reply_at"), _time("closed_at"),
                _amount("talk_seconds"), _amount("hold_seconds"), _amount("wrap_seconds"),
                _flag("transferred"), _flag("explained_again"), _may("note"),
            ),
            row_rules=(
                _not_before("opened_at", "first_reply_at"), _not_before("opened_at", "closed_at"),
            ),
            date="opened_at",
        ),
        TableContract(
            name="events",
            columns=(
                _need("visitor_id"),
                _need("step", "visit", "product", "enquiry", "checkout", "purchase"),
                _time("at", required=True), _amount("load_ms"), _may("device", "mobile", "desktop"),
            ),
            date="at",
        ),
        TableContract(
            name="mentions",
            columns=(
                _id("mention_id"), _may("source"), _scale("stars", 1, 5), _may("language"),
                _date("posted_on", required=True), _may("text"),
                _may("label", "positive", "neutral", "negative"),
            ),
            any_of=("stars", "text", "label"),
            date="posted_on",
        ),
        TableContract(
            name="mention_codes",
            columns=(
                _need("mention_id"), _need("coder"),
                _need("label", "positive", "neutral", "negative"),
            ),
            unique_together=("mention_id", "coder"),
        ),
        TableContract(
            name="ab_test",
            columns=(
                _need("experiment", references="experiment"), _need("unit_id"),
                _need("arm", references="arm"), _time("assigned_at"), _may("segment"),
                _may("cluster"), _flag("converted"), _amount("amount_hkd"), _scale("csat", 1, 5),
                _scale("nps", 0, 10), _scale("ces", 1, 7), _flag("complaint"),
                _count("pre_orders"), _amount("pre_amount_hkd"),
            ),
            any_of=("converted", "amount_hkd", "csat", "nps", "ces"),
            families=(
                Column("metric_", "number"), Column("pre_", "number"), Column("segment_"),
            ),
            unique_together=("experiment", "unit_id"),
            date="assigned_at",
        ),
        TableContract(
            name="kpi_history",
            columns=(
                _need("kpi", *KPIS), _date("period_start", required=True), _count("n_obs"),
                _amount("value", required=True, minimum=None), _amount("sd"), _count("promoters"),
                _count("passives"), _count("detractors"), _count("successes"),
            ),
            unique_together=("kpi", "period_start"),
            row_rules=_history_rules(ces_version),
            date="period_start",
        ),
        TableContract(
            name="store_panel",
            columns=(
                _need("store", references="store"), _date("month", required=True),
                Column("treated", "flag", required=True), _count("enquiries"), _count("sales"),
                _amount("reply_minutes_median"), _count("csat_n"),
                Column("csat_mean", "number", minimum=1, maximum=5),
            ),
            unique_together=("store", "month"),
            row_rules=(_not_above("sales", "enquiries"),),
            date="month",
        ),
        TableContract(
            name="costs",
            columns=(
                _need("initiative", references="initiative"), _date("paid_on", required=True),
                _may("category", "staff", "training", "tools", "content", "incentives"),
                _need("kind", "one_off", "recurring"), _amount("amount_hkd", required=True),
            ),
            date="paid_on",
        ),
        TableContract(
            name="maturity",
            columns=(
                _need("rater"), _may("role"),
                _need("dimension", *DIMENSIONS),
                Column("level", "int", required=True, minimum=1, maximum=5), _may("note"),
            ),
            unique_together=("rater", "dimension"),
        ),
        TableContract(
            name="difficulty",
            columns=(
                _need("rater"), _need("touchpoint", references="touchpoint"),
                Column("level", "int", required=True, minimum=1, maximum=5), _may("note"),
            ),
            unique_together=("rater", "touchpoint"),
        ),
        TableContract(
            name="employees",
            columns=(
                _id("response_id"), _may("unit"), _may("quarter"), _scale("enps", 0, 10),
                _scale("esat", 1, 5), _flag("left"),
            ),
            any_of=("enps", "esat"),
            row_rules=(_quarter("quarter"),),
        ),
        TableContract(
            name="overall",
            columns=(
                _need("customer_id"), _time("rated_at", required=True),
                Column("overall", "int", required=True, minimum=0, maximum=10),
            ),
            unique_together=("customer_id", "rated_at"),
            date="rated_at",
        ),
        TableContract(
            name="followups",
            columns=(
                _id("answer_id"), _flag("reviewed"), _time("contacted_at"), _time("closed_at"),
                _may("reason"),
            ),
            row_rules=(
                _not_before("contacted_at", "closed_at"), _instead("reason", "contacted_at"),
            ),
            date="contacted_at",
        ),
    )  # fmt: skip


_BY_VERSION: Final = {
    version: {contract.name: contract for contract in _contracts(version)} for version in CES_SCALES
}

TABLE_NAMES: Final[tuple[str, ...]] = tuple(_BY_VERSION["v2"])
"""Every table an engagement may name."""


def table_contract(name: str, *, ces_version: CesVersion = "v2") -> TableContract:
    """Look up the contract of a table.

    Args:
        name: One of TABLE_NAMES.
        ces_version: Which effort question the client asks; it decides the scale of `ces`.

    Raises:
        InputError: No such table or version.
    """
    if ces_version not in _BY_VERSION:
        raise InputError(f"ces_version must be v1 or v2, got {ces_version!r}")
    if name not in _BY_VERSION[ces_version]:
        near = get_close_matches(name, TABLE_NAMES, n=1)
        hint = f"; did you mean {near[0]}" if near else ""
        raise InputError(f"table must be one of {', '.join(TABLE_NAMES)}, got {name!r}{hint}")
    return _BY_VERSION[ces_version][name]
