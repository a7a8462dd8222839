from datetime import date

import pytest

from cxlib.errors import ReportError
from cxlib.report.figures import find_collisions
from cxlib.report.figures.plan import PlanBar, plan_chart

STATES = {"done": "Done", "running": "Running", "ahead": "Ahead"}


def draw(theme, *items, today=date(2026, 7, 15), fmt=lambda day: f"{day:%b %Y}"):
    return plan_chart(
        items, theme=theme, today=today, fmt=fmt, states=STATES,
        due_label="Goal is read", today_label="Date of this report", owner_head="Accountable",
    )  # fmt: skip


def bar(name, start, end, state="running", **more):
    return PlanBar(label=name, start=start, end=end, state=state, **more)


def test_a_bar_covers_its_first_and_its_last_day(theme):
    figure = draw(theme, bar("A", date(2026, 7, 1), date(2026, 7, 31)))
    (patch,) = figure.axes[0].patches
    assert patch.get_x() == date(2026, 7, 1).toordinal()
    assert patch.get_width() == 31


def test_states_differ_by_fill_so_that_they_survive_grey_print(theme):
    days = date(2026, 7, 1), date(2026, 12, 31)
    figure = draw(theme, *(bar(state, *days, state=state) for state in STATES))
    looks = {(p.get_facecolor(), p.get_edgecolor()) for p in figure.axes[0].patches}
    assert len(looks) == 3
    shown = [text.get_text() for text in figure.texts]
    assert set(STATES.values()) <= set(shown)


def test_only_states_that_occur_are_in_the_key(theme):
    figure = draw(theme, bar("A", date(2026, 7, 1), date(2026, 7, 31)))
    shown = [text.get_text() for text in figure.texts]
    assert "Running" in shown
    assert not {"Done", "Ahead", "Goal is read"} & set(shown)


@pytest.mark.parametrize("days", [1, 40, 400, 4000])
@pytest.mark.parametrize("fmt", [lambda d: f"{d:%b %Y}", lambda d: f"{d.year}年{d.month}月"])
def test_texts_never_touch_at_any_length_of_plan(theme, days, fmt):
    start = date(2026, 1, 15)
    end = date.fromordinal(start.toordinal() + days)
    figure = draw(
        theme,
        bar("專責團隊承諾十五分鐘內回覆查詢", start, end, owner="客戶服務主管", due=end),
        bar("Delivery slots shown at checkout", start, start, "ahead", owner="Head of Logistics"),
        fmt=fmt,
    )
    assert find_collisions(figure) == []


def test_an_action_that_ends_before_it_starts_is_refused(theme):
    with pytest.raises(ReportError) as caught:
        draw(theme, bar("A", date(2026, 7, 2), date(2026, 7, 1)))
    assert str(caught.value) == "'A' must not end 2026-07-01 before it starts"
