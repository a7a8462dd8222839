# ruff: noqa: E501, ISC004, S608  (a benchmark writes its own SQL, one query a paragraph)
"""Time every row-level question of the diagnosis against one hand-written query, and its memory.

python tests/benchmarks/row_texts.py [rows] [rounds] [name]     10 million rows, 3 rounds, all
python tests/benchmarks/row_texts.py --memory [name]            peak memory at 1, 3 and 10 million

Tables are Parquet files of `rows` answers and invitations (6 customers to 10 answers, 14
touchpoints, 24 stores) and 3 rows of cases, orders and events to 10 answers. The query by hand is
what an analyst would write in DuckDB for the same aggregates, with whatever DuckDB offers; ours is
the portable text and all that its function does. Both run in turn, each round gives a ratio, the
median counts: over 2 is too slow. Memory is the peak of resident anonymous pages of a child
process that asks one question of a fresh engine, which may hold 1 GiB and spills the rest to disk;
customers, issues and visitors stay 200,000, because one line each is what such a question holds.
"""

import datetime as dt
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import duckdb

from cxlib.data import clusters, contacts, purchases, summaries, visits
from cxlib.data.cell_pairs import cell_pairs
from cxlib.data.products import driver_products
from cxlib.data.source import Source, duckdb_source
from cxlib.data.tables import DRIVERS

START, END, SEEN = dt.date(2025, 7, 1), dt.date(2026, 1, 1), dt.date(2026, 7, 1)
DAYS = {"start": START, "end": END}
STEPS = ("visit", "product", "checkout", "purchase")
MOMENT = '"at"'
FIRST = f"min({MOMENT})"
SMALLER = 0.3
"""Cases, orders and events to one answer."""
MEMORY_ROWS = (1_000_000, 3_000_000, 10_000_000)
LIMIT = "1GiB"
OWNERS = 200_000
"""Customers, issues and visitors in the memory runs: rows grow, people do not."""


@dataclass(frozen=True)
class Question:
    """One row-level text: how the library asks it, and the same by hand."""

    ours: Callable[[Mapping[str, Source]], object]
    hand: str


def inside(moment: str) -> str:
    """Write the period by hand."""
    return f"{moment} >= timestamp '{START}' and {moment} < timestamp '{END}'"


def write_tables(folder: Path, rows: int, *, owners: int = 0) -> None:
    """Write the five tables; `owners` fixes how many customers, issues and visitors there are."""
    less = int(rows * SMALLER)
    issue, visitor = (f"((i // {n}) % {owners or rows})" for n in (2, 4))
    people, day = (
        owners or int(rows * 0.6),
        "timestamp '2025-07-01' + to_seconds((hash(i, 1) % 31536000)::bigint)",
    )
    customer = f"'C' || (hash(i, 2) % {people})::bigint"
    place = "(hash(i, 3) % 14)::bigint"
    shop = (
        f"'T' || {place} as touchpoint, ['online', 'offline', 'hybrid'][1 + {place} % 3] as channel, "
        "['new', 'returning', 'member'][1 + (hash(i, 4) % 3)::bigint] as segment, "
        f"case when {place} % 3 > 0 then 'S' || lpad((1 + (hash(i, 5) % 24)::bigint)::varchar, 2, '0') end as store"
    )
    ratings = ", ".join(
        f"case when (hash(i, {n + 20}) % 100)::bigint < 45 then 1 + (hash(i, {n + 50}) % 5)::bigint end::tinyint as {name}"
        for n, name in enumerate(DRIVERS)
    )
    extra = ", ".join(
        f"case when (hash(i, {n + 70}) % 3)::bigint = 0 then 1 + (hash(i, {n + 80}) % 5)::bigint end::tinyint as {name}"
        for n, name in enumerate(("cxi_needs", "cxi_easy", "cxi_enjoyable", "expectation"))
    )
    opened = f"timestamp '2025-07-01' + to_seconds((hash({issue}, 7) % 31536000)::bigint + (i % 2) * (hash(i, 8) % 900000)::bigint)"
    tables = {
        "answers": (rows, f"'A' || i as answer_id, {customer} as customer_id, {shop}, {day} as answered_at, "
                    f"(hash(i, 9) % 11)::tinyint as nps, (1 + (hash(i, 10) % 5)::bigint)::tinyint as csat, "
                    f"(1 + (hash(i, 11) % 7)::bigint)::tinyint as ces, {ratings}, {extra}"),
        "invitations": (rows, f"'I' || i as invitation_id, {customer} as customer_id, {shop}, {day} as sent_at, "
                        "1::tinyint as delivered, ((hash(i, 12) % 10)::bigint < 7)::tinyint as opened, "
                        "((hash(i, 12) % 10)::bigint < 5)::tinyint as started, ((hash(i, 12) % 10)::bigint < 4)::tinyint as completed"),
        "cases": (less, f"'K' || i as case_id, 'Q' || {issue} as issue_id, 'C' || (hash({issue}, 2) % {people})::bigint as customer_id, "
                  "['phone', 'whatsapp', 'email', 'store'][1 + (hash(i, 13) % 4)::bigint] as channel, "
                  f"['delivery', 'enquiry', 'assembly', 'missing_parts', 'price'][1 + (hash({issue}, 14) % 5)::bigint] as category, "
                  f"{opened} as opened_at, case when (hash(i, 15) % 10)::bigint > 0 then {opened} + to_seconds((hash(i, 16) % 90000)::bigint) end as first_reply_at, "
                  f"case when (hash(i, 15) % 10)::bigint > 1 then {opened} + to_seconds(90000 + (hash(i, 17) % 90000)::bigint) end as closed_at, "
                  "(hash(i, 18) % 600)::int as talk_seconds, (hash(i, 19) % 90)::int as hold_seconds, "
                  "(hash(i, 20) % 120)::int as wrap_seconds, ((hash(i, 21) % 9)::bigint = 0)::tinyint as transferred, "
                  "((hash(i, 22) % 7)::bigint = 0)::tinyint as explained_again"),
        "orders": (less, f"'O' || i as order_id, {customer} as customer_id, "
                   "timestamp '2025-01-01' + to_seconds((hash(i, 23) % 47000000)::bigint) as ordered_at, "
                   "((hash(i, 24) % 8)::bigint > 0)::tinyint as on_time, ((hash(i, 25) % 20)::bigint = 0)::tinyint as returned, "
                   "((hash(i, 26) % 12)::bigint = 0)::tinyint as referred"),
        "events": (less, f"'V' || {visitor} as visitor_id, {list(STEPS)}[1 + (i % 4)] as step, "
                   f"timestamp '2025-07-01' + to_seconds((hash({visitor}, 27) % 31536000)::bigint + (i % 4) * 60) as at, "
                   "(400 + (hash(i, 28) % 5000)::bigint)::int as load_ms"),
    }  # fmt: skip
    for name, (size, columns) in tables.items():
        kept = " where i % 4 = 0 or (hash(i, 29) % 3)::bigint > 0" if name == "events" else ""
        path = folder / f"{name}.parquet"
        duckdb.execute(f"copy (select {columns} from range({size}) t(i){kept}) to '{path}'")


def open_tables(folder: Path, *, limit: str = "") -> dict[str, Source]:
    """Open the files in one engine."""
    engine = duckdb.connect()
    if limit:
        engine.execute(f"set memory_limit = '{limit}'; set temp_directory = '{folder / 'spill'}'")
    return {
        path.stem: duckdb_source(path, table=path.stem, connection=engine)
        for path in sorted(folder.glob("*.parquet"))
    }


def ratios(source: str, ys: Mapping[str, tuple[str, str]], *, by: str = "") -> str:
    """Write by hand what the error of several clustered ratios needs."""
    group = f"{by}, " if by else ""
    sums = ", ".join(f"sum({y}) as y{n}, sum({x}) as x{n}" for n, (y, x) in enumerate(ys.values()))
    parts = ", ".join(
        f"count(*) filter (x{n} > 0 or y{n} > 0), sum(y{n}), sum(x{n}), sum(y{n}::double * y{n}), "
        f"sum(x{n}::double * y{n}), sum(x{n}::double * x{n})"
        for n in range(len(ys))
    )
    return f"with k as (select {group}owner, {sums} from ({source}) group by all) select {group}{parts} from k group by all"


PAIRS = """
    with c as (select {keys}, coalesce({owner}) as id, count(*) as m, sum({value})::double as t, sum({value} * {value})::double as q
               from {table} where {score} is not null and {where} group by all)
    select {both}, sum(a.m), sum(a.t), sum(a.q), sum(a.t * b.t), sum(a.t * b.m), sum(a.m * b.m), count(*),
           (select count(distinct id) from c)
    from c a join c b using (id) group by all"""
ISSUES = f"""
    select issue_id, any_value(who) as who, any_value(kind) as kind, min(first) as first, arg_max(closed_at is not null, (opened_at, case_id)) as closed,
           count(*) filter (opened_at < first + interval 7 day) as contacts,
           max(transferred) filter (opened_at < first + interval 7 day) as moved,
           max(explained_again) filter (opened_at < first + interval 7 day) as again
    from cases join (select issue_id, min(opened_at) as first, arg_min(customer_id, (opened_at, case_id)) as who,
                            arg_min(category, (opened_at, case_id)) as kind
                     from cases group by 1 having {inside("min(opened_at)")}) using (issue_id)
    group by 1"""
FUNNEL_JOINS = "".join(
    f", f{n} as (select f.*, min(e.{MOMENT}) as t{n} from f{n - 1} f left join events e on e.visitor_id = f.visitor_id and e.step = '{step}' "
    f"and e.{MOMENT} >= f.t{n - 1} and e.{MOMENT} < f.t0 + interval 7 day group by all)"
    for n, step in enumerate(STEPS)
    if n
)
ENTRY = (
    f"select visitor_id, {FIRST} as t0 from events where step = 'visit' group by 1 "
    f"having {inside(FIRST)}"
)
MOMENTS = ", ".join(
    f"count({c}), avg({c}), var_samp({c})" for c in ("nps", "csat", "ces", "driver_speed")
)
BUYERS = (
    f"select customer_id, count(*) filter ({inside('ordered_at')}) as placed from orders group by 1"
)

QUESTIONS: dict[str, Question] = {
    "summaries.score_counts": Question(
        lambda t: summaries.score_counts(t["answers"], score="nps", by=["touchpoint"], date="answered_at", **DAYS),
        f"select touchpoint, nps, count(*) from answers where nps is not null and {inside('answered_at')} group by all",
    ),
    "summaries.flag_counts": Question(
        lambda t: summaries.flag_counts(t["invitations"], flags=["delivered", "opened", "started", "completed"], by=["touchpoint"], date="sent_at", **DAYS),
        "select touchpoint, count(*), sum(delivered), count(delivered), sum(opened), count(opened), sum(started), count(started), sum(completed), "
        f"count(completed) from invitations where {inside('sent_at')} group by all",
    ),
    "summaries.distinct_customers": Question(
        lambda t: summaries.distinct_customers(t["invitations"], by=["touchpoint"], date="sent_at", **DAYS),
        f"select touchpoint, count(*), count(distinct customer_id) from invitations where {inside('sent_at')} group by all",
    ),
    "summaries.group_moments": Question(
        lambda t: summaries.group_moments(t["answers"], columns=["nps", "csat", "ces", "driver_speed"], by=["store"], date="answered_at", **DAYS),
        f"select store, count(*), {MOMENTS} from answers where {inside('answered_at')} group by all",
    ),
    "summaries.clustered_moments": Question(
        lambda t: summaries.clustered_moments(t["answers"], columns=["csat"], by=["touchpoint"], date="answered_at", **DAYS),
        "with c as (select touchpoint, customer_id, count(*) as m, sum(csat)::double as t from answers where csat is not null and "
        f"{inside('answered_at')} group by all) select touchpoint, count(*), sum(m), sum(t), sum(t * t), sum(t * m), sum(m * m) from c group by all",
    ),
    "cell_pairs, touchpoint x channel x segment": Question(
        lambda t: cell_pairs(t["answers"], score="nps", by=["touchpoint", "segment", "channel"], coding="nps", alone="answer_id", date="answered_at", **DAYS),
        PAIRS.format(keys="touchpoint, segment, channel", owner="customer_id, answer_id", value="((nps >= 9)::int - (nps <= 6)::int)", table="answers",
                     score="nps", where=inside("answered_at"), both="a.touchpoint, a.segment, a.channel, b.touchpoint, b.segment, b.channel"),
    ),
    "cell_pairs, store of invitations": Question(
        lambda t: cell_pairs(t["invitations"], score="completed", by=["store"], alone="invitation_id", equals={"delivered": 1}, date="sent_at", **DAYS),
        PAIRS.format(keys="store", owner="customer_id, invitation_id", value="completed::int", table="invitations", score="completed",
                     where=f"delivered = 1 and {inside('sent_at')}", both="a.store, b.store"),
    ),
    "clusters.paired_sums": Question(
        lambda t: clusters.paired_sums(t["answers"], after="csat", before="expectation", cluster="customer_id", date="answered_at", **DAYS, by="touchpoint"),
        ratios(f"select customer_id as owner, touchpoint, csat as a, expectation as b, (a is not null and b is not null)::int as full_pair from answers where {inside('answered_at')}",
               {"gap": ("case when full_pair = 1 then a - b else 0 end", "full_pair"), "met": ("coalesce((a >= b)::int, 0)", "full_pair"), "pairs": ("full_pair", "1"),
                "after": ("(a is not null and b is null)::int", "1"), "before": ("(a is null and b is not null)::int", "1")}, by="touchpoint"),
    ),
    "clusters.flag_sums": Question(
        lambda t: clusters.flag_sums(t["orders"], flags=["on_time", "returned"], cluster="customer_id", date="ordered_at", **DAYS),
        ratios(f"select customer_id as owner, on_time, returned from orders where {inside('ordered_at')}",
               {name: (f"({name} = 1)::int", f"({name} is not null)::int") for name in ("on_time", "returned")}),
    ),
    "contacts.issue_sums": Question(
        lambda t: contacts.issue_sums(t["cases"], window_days=7, **DAYS, seen=SEEN),
        ratios(f"select who as owner, (first + interval 7 day <= timestamp '{SEEN}')::int as ripe, closed::int as shut, contacts, moved, again from ({ISSUES})",
               {"resolved": ("ripe * shut * (contacts = 1)::int", "ripe * (shut = 1 or contacts > 1)::int"),
                "moved": ("ripe * coalesce(moved, 0)", "ripe * (moved is not null)::int"), "again": ("ripe * coalesce(again, 0)", "ripe * (again is not null)::int"),
                "contacts": ("ripe * contacts", "ripe"), "open": ("ripe * (shut = 0 and contacts = 1)::int", "1"), "young": ("1 - ripe", "1")}),
    ),
    "contacts.handling_sums": Question(
        lambda t: contacts.handling_sums(t["cases"], **DAYS, by="channel"),
        ratios("select coalesce(customer_id, case_id) as owner, channel, talk_seconds + hold_seconds + wrap_seconds as s, (s is not null)::int as done "
               f"from cases where {inside('opened_at')}", {"handling": ("coalesce(s, 0)", "done"), "unrecorded": ("1 - done", "1")}, by="channel"),
    ),
    "contacts.reply_counts": Question(
        lambda t: contacts.reply_counts(t["cases"], **DAYS, seen=SEEN, by="channel"),
        "select channel, (case when done then ceil(s / w) else floor(s / w) end * w)::bigint as seconds, count(*) filter (done), count(*) filter (not done) from ("
        f"select channel, coalesce(first_reply_at < timestamp '{SEEN}', false) as done, epoch(case when done then first_reply_at else timestamp '{SEEN}' end - opened_at) as s, "
        f"case when s <= 7200 then 6 when s <= 172800 then 60 else 3600 end as w from cases where {inside('opened_at')}) group by all",
    ),
    "contacts.promise_sums": Question(
        lambda t: contacts.promise_sums(t["cases"], promise_minutes=15, **DAYS, seen=SEEN, by="channel"),
        ratios("select coalesce(customer_id, case_id) as owner, channel, opened_at + interval 15 minute as due, coalesce((first_reply_at <= due)::int, 0) as kept, "
               f"greatest(kept, (due <= timestamp '{SEEN}')::int) as known from cases where {inside('opened_at')}", {"within": ("kept", "known")}, by="channel"),
    ),
    "contacts.complaint_sums": Question(
        lambda t: contacts.complaint_sums(t["cases"], t["orders"], **DAYS, leave_out=["enquiry"]),
        f"with b as ({BUYERS}), i as (select kind, who, count(*)::double as n from ({ISSUES}) where kind <> 'enquiry' group by all) "
        "select kind, sum(n) filter (placed is not null), sum(n) filter (placed is null), sum(n * n) filter (placed is not null), sum(n * placed), "
        "(select count(*) from b), (select sum(placed) from b), (select sum(placed * placed) from b) "
        "from i left join b on b.customer_id = i.who group by kind",
    ),
    "visits.funnel_counts": Question(
        lambda t: visits.funnel_counts(t["events"], steps=STEPS, window_days=7, **DAYS, seen=SEEN),
        f"with f0 as ({ENTRY}){FUNNEL_JOINS} select count(*) filter (m), count(t1) filter (m), count(t2) filter (m), count(t3) filter (m), "
        f"count(*) filter (not m) from (select *, t0 + interval 7 day <= timestamp '{SEEN}' as m from f3)",
    ),
    "visits.bounce_counts": Question(
        lambda t: visits.bounce_counts(t["events"], entry="visit", window_days=7, **DAYS, seen=SEEN),
        f"with f as ({ENTRY} and {FIRST} + interval 7 day <= timestamp '{SEEN}') select count(*), count(*) filter (not other) from ("
        f"select visitor_id, bool_or(step <> 'visit') as other from f join events using (visitor_id) where {MOMENT} >= t0 and {MOMENT} < t0 + interval 7 day group by 1)",
    ),
    "visits.load_counts": Question(
        lambda t: visits.load_counts(t["events"], **DAYS),
        f"select ceil(load_ms / 10) * 10 as ms, count(*) from events where load_ms is not null and {inside(MOMENT)} group by 1",
    ),
    "visits.load_sums": Question(
        lambda t: visits.load_sums(t["events"], limits_ms=[3000], **DAYS),
        ratios(f"select visitor_id as owner, load_ms from events where load_ms is not null and {inside(MOMENT)}", {"fast": ("(load_ms <= 3000)::int", "1")}),
    ),
    "purchases.first_order_counts": Question(
        lambda t: purchases.first_order_counts(t["orders"], within_days=90, **DAYS, seen=SEEN),
        "with f as (select customer_id, min(ordered_at::date) as d, arg_min(referred, (ordered_at, order_id)) as r from orders group by 1), "
        f"g as (select * from f where {inside('d')}), "
        "s as (select g.customer_id, any_value(d) as d, any_value(r) as r, min(o.ordered_at::date) filter (o.ordered_at::date > d) as again from g join orders o using (customer_id) group by 1) "
        f"select count(*), count(*) filter (d + 90 < date '{SEEN}'), count(*) filter (d + 90 < date '{SEEN}' and again <= d + 90), count(r), sum(r) from s",
    ),
    "purchases.activity_counts": Question(
        lambda t: purchases.activity_counts(t["orders"], active_days=180, **DAYS),
        f"with e as (select customer_id, min(ordered_at) as first, bool_or(ordered_at >= timestamp '{START}' - interval 180 day and ordered_at < timestamp '{START}') as b, "
        f"bool_or({inside('ordered_at')}) as d from orders group by 1) select count(*) filter (b), count(*) filter (b and d), count(*) filter ({inside('first')}), "
        f"count(*) filter (d and not b and not ({inside('first')})) from e",
    ),
}  # fmt: skip


def driver_query() -> str:
    """Take the driver sums by hand from the benchmark of their own."""
    sys.path.insert(0, str(Path(__file__).parent))
    import drivers

    return drivers.hand_written()


def clock(work: Callable[[], object]) -> float:
    """Give the seconds one call takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(folder: Path, *, rounds: int, part: str = "") -> None:
    """Print a line per question: seconds of both, median ratio."""
    tables = open_tables(folder)
    run = tables["answers"].run
    questions = {
        **QUESTIONS,
        "products.driver_products": Question(
            lambda t: driver_products(t["answers"], outcome="nps", drivers=DRIVERS), driver_query()
        ),
    }
    for name, question in questions.items():
        if part not in name:
            continue
        pairs = [
            (clock(lambda q=question: q.ours(tables)), clock(lambda q=question: run(q.hand)))
            for _ in range(rounds)
        ]
        ratio = median(a / b for a, b in pairs)
        ours, hand = (median(side) for side in zip(*pairs, strict=True))
        print(
            f"{name:45s} ours {ours:7.2f} s   by hand {hand:7.2f} s   ratio {ratio:5.2f}",
            flush=True,
        )


def peak(folder: Path, name: str) -> int:
    """Ask one question in a child and give its peak of anonymous memory, in MiB."""
    command = [sys.executable, __file__, "--child", str(folder), name]
    found = subprocess.run(command, check=False, capture_output=True, text=True)
    if found.returncode:
        print(f"{name}: {found.stderr.strip().splitlines()[-1]}")
        return -1
    return int(found.stdout.split()[-1])


def child(folder: Path, name: str) -> None:
    """Answer one question under the memory limit, watching resident anonymous pages."""
    import threading

    tables = open_tables(folder, limit=LIMIT)
    highest, done = 0, threading.Event()

    def watch() -> None:
        nonlocal highest
        while not done.wait(0.01):
            status = Path("/proc/self/status").read_text(encoding="utf-8")
            highest = max(highest, int(status.split("RssAnon:")[1].split()[0]))

    watcher = threading.Thread(target=watch)
    watcher.start()
    if name == "products.driver_products":
        driver_products(tables["answers"], outcome="nps", drivers=DRIVERS)
    else:
        QUESTIONS[name].ours(tables)
    done.set()
    watcher.join()
    print(highest // 1024)


def main() -> None:
    """Print the figures."""
    words = sys.argv[1:]
    if words[:1] == ["--child"]:
        child(Path(words[1]), words[2])
        return
    with tempfile.TemporaryDirectory() as home:
        if words[:1] == ["--memory"]:
            part = "".join(words[1:2])
            names = [n for n in (*QUESTIONS, "products.driver_products") if part in n]
            found: dict[str, list[int]] = {name: [] for name in names}
            for rows in MEMORY_ROWS:
                folder = Path(home) / str(rows)
                folder.mkdir()
                write_tables(folder, rows, owners=OWNERS)
                for name in names:
                    found[name].append(peak(folder, name))
            for name, peaks in found.items():
                print(f"{name:45s} peak MiB at {MEMORY_ROWS}: {peaks}")
            return
        write_tables(Path(home), int(float(words[0])) if words else 10_000_000)
        compare(
            Path(home),
            rounds=int(words[1]) if len(words) > 1 else 3,
            part="".join(words[2:3]),
        )


if __name__ == "__main__":
    main()
