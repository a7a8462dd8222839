"""check() never raises, never gives the answer away, and says in both languages what to mend."""

import math
from decimal import Decimal
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cxlib.errors import InputError
from cxlib.report.catalogue import CODES, catalogue, message
from cxlib.stats.estimate import Estimate
from cxlib.workshop import check, checks, use
from cxlib.workshop.exercise import KINDS, Exercise, Mistake, numbered

STEPS = ("browse", "chat", "delivery")


def exercises(c):
    """One exercise a kind, on an expected value the test gives."""
    return numbered(
        Exercise(key=key, module=1, kind=kind, expected=lambda _, v=value: v, options=options,
                 mistakes=mistakes, **more)
        for key, kind, value, options, mistakes, more in (
            ("count", "number", c["number"], (), (Mistake("all", lambda _: 9_999.0),), {}),
            ("rate", "share", c["share"], (), (), {}),
            ("nps", "points", c["points"], (), (), {}),
            ("range", "interval", c["interval"], (),
             (Mistake("narrow", when=lambda v, _: 0 < v[1] - v[0] < 1e-4),), {}),
            ("which", "choice", c["choice"], STEPS, (), {}),
            ("order", "ranking", c["ranking"], (), (), {}),
            ("close", "ranking", c["ranking"], (), (), {"tolerance": 1}),
            ("frame", "table", c["table"], (), (), {}),
        )
    )  # fmt: skip


USUAL = {
    "number": 4_321.0, "share": 0.31, "points": 25.4, "interval": (0.21, 0.35), "choice": "chat",
    "ranking": ["delivery", "browse", "chat"],
    "table": pd.Series({"new": 0.25, "member": 0.5}),
}  # fmt: skip


@pytest.fixture
def desk(monkeypatch):
    """Checks against the usual values; gives a function that opens it in a language."""

    def opened(language="en", **values):
        found = exercises(USUAL | values)
        monkeypatch.setattr(checks, "registry", lambda: found)
        use(SimpleNamespace(language=language))
        return found

    yield opened
    use(None)


RIGHT = {
    "count": [4_321, 4_321.004, np.int64(4_321), np.float32(4_321), Decimal(4_321),
              Fraction(4_321), pd.Series([4_321.0]), np.array([4_321]), np.array(4_321),
              pd.DataFrame({"n": [4_321]}), pd.Series([4_321], dtype="Int64")],
    "rate": [0.31, 0.307, np.float64(0.313)],
    "nps": [25.4, 25.45,
            Estimate(value=25.4, ci_lower=20, ci_upper=30, n_obs=9, unit="points", method="x")],
    "range": [(0.21, 0.35), [0.21, 0.35], np.array([0.208, 0.352]), pd.Series([0.21, 0.35]),
              Estimate(value=0.3, ci_lower=0.21, ci_upper=0.35, n_obs=9, unit="share", method="x")],
    "which": ["chat", " Chat ", pd.Series(["chat"]), np.array(["chat"])],
    "order": [["delivery", "browse", "chat"], ("Delivery", "browse", "chat"),
              pd.Index(["delivery", "browse", "chat"]), pd.Series(["delivery", "browse", "chat"])],
    "close": [["browse", "delivery", "chat"]],
    "frame": [{"new": 0.25, "member": 0.5}, pd.Series({"member": 0.5, "new": 0.252}),
              pd.DataFrame({"any": [0.25, 0.5]}, index=["new", "member"])],
}  # fmt: skip


@pytest.mark.parametrize(("key", "answer"), [(k, a) for k, some in RIGHT.items() for a in some])
def test_a_right_answer_is_right_in_every_usual_form(desk, key, answer):
    desk()
    assert check(key, answer).state == "right"


WRONG = [
    ("count", 9_999, "workshop.count.all"),
    ("count", "4321", "workshop.check.number_text"),
    ("count", "43 %", "workshop.check.number_percent_text"),
    ("count", "many", "workshop.check.number_words"),
    ("count", [4_321], "workshop.check.number_list"),
    ("count", {"n": 4_321}, "workshop.check.number_list"),
    ("count", pd.Series([1, 2]), "workshop.check.number_frame"),
    ("count", pd.DataFrame({"a": [1, 2]}), "workshop.check.number_frame"),
    ("count", True, "workshop.check.number_bool"),
    ("count", np.True_, "workshop.check.number_bool"),
    ("count", len, "workshop.check.called"),
    ("count", 2 + 3j, "workshop.check.number_type"),
    ("count", object(), "workshop.check.number_type"),
    ("count", math.inf, "workshop.check.not_finite"),
    ("count", 10**400, "workshop.check.not_finite"),
    ("count", 43.21, "workshop.check.unit"),
    ("count", -4_321, "workshop.check.sign"),
    ("count", 7, "workshop.count.hint"),
    ("rate", 31, "workshop.check.share_percent"),
    ("rate", 64.2, "workshop.check.share_percent"),
    ("rate", 0.0031, "workshop.check.percent_twice"),
    ("rate", 0.9, "workshop.rate.hint"),
    ("rate", -0.31, "workshop.check.sign"),
    ("nps", 0.254, "workshop.check.points_share"),
    ("nps", 2_540, "workshop.check.points_range"),
    ("nps", -25.4, "workshop.check.sign"),
    ("range", 0.14, "workshop.check.interval_one"),
    ("range", "0.2-0.3", "workshop.check.interval_text"),
    ("range", (0.2, 0.3, 0.4), "workshop.check.interval_length"),
    ("range", (0.35, 0.21), "workshop.check.interval_reversed"),
    ("range", (0.28, 0.07), "workshop.check.interval_half"),
    ("range", (-0.07, 0.07), "workshop.check.interval_half"),
    ("range", (21, 35), "workshop.check.unit"),
    ("range", (-0.35, -0.21), "workshop.check.sign"),
    ("range", (math.nan, 0.3), "workshop.check.not_finite"),
    ("range", (0.4, 0.40001), "workshop.range.narrow"),
    ("range", (0.1, 0.9), "workshop.range.hint"),
    ("which", "cht", "workshop.check.choice_near"),
    ("which", "nothing like it", "workshop.check.choice_unknown"),
    ("which", 3, "workshop.check.choice_type"),
    ("which", "browse", "workshop.which.hint"),
    ("order", ["chat", "browse", "delivery"], "workshop.check.ranking_reversed"),
    ("order", ["delivery", "browse"], "workshop.check.ranking_short"),
    ("order", ["delivery", "browse", "chatt"], "workshop.check.ranking_near"),
    ("order", ["delivery", "browse", "zzz"], "workshop.check.ranking_unknown"),
    ("order", ["delivery", "browse", "browse"], "workshop.check.ranking_twice"),
    ("order", "delivery", "workshop.check.ranking_type"),
    ("order", {"delivery"}, "workshop.check.ranking_set"),
    ("order", pd.Series([3, 2, 1], index=["a", "b", "c"]), "workshop.check.ranking_values"),
    ("order", ["browse", "delivery", "chat"], "workshop.order.hint"),
    ("close", ["chat", "browse", "delivery"], "workshop.check.ranking_reversed"),
    ("frame", 3, "workshop.check.table_type"),
    ("frame", {"new": 25, "member": 50}, "workshop.check.unit"),
    ("frame", {"new": 0.25}, "workshop.check.table_rows"),
    ("frame", {"new": 0.25, "member": None}, "workshop.check.table_missing"),
    ("frame", pd.DataFrame({"new": [0.25], "member": [0.5]}), "workshop.check.table_columns"),
    ("frame", {"new": 0.5, "member": 0.25}, "workshop.frame.hint"),
]


@pytest.mark.parametrize(("key", "answer", "hint"), WRONG)
def test_a_wrong_answer_gets_the_hint_that_fits(desk, monkeypatch, key, answer, hint):
    desk()
    seen = []
    monkeypatch.setattr(checks, "_hint", lambda ruling, _: seen.append(ruling.hint) or "?")
    assert check(key, answer).state == "wrong"
    assert seen == [hint]


@pytest.mark.parametrize("blank", [..., None, "", "  ", math.nan, np.nan, pd.NA, pd.NaT, [None]])
@pytest.mark.parametrize("language", CODES)
def test_a_blank_waits_in_a_friendly_line(desk, language, blank):
    desk(language)
    key = "range" if isinstance(blank, list) else "count"
    verdict = check(key, blank)
    words = message("workshop.check.blank", language)
    assert verdict.state == "blank"
    assert verdict.message == words.format(number="1.4" if key == "range" else "1.1", title=key)


class Hostile:
    """Raises whatever it is asked."""

    def _refuse(self, *_):
        raise RuntimeError("no")

    __eq__ = __float__ = __repr__ = __str__ = __len__ = __iter__ = __bool__ = __hash__ = _refuse
    __array__ = __index__ = __getattr__ = __contains__ = __lt__ = __gt__ = __abs__ = _refuse


class Liar(str):
    """A text whose own methods fail."""

    __slots__ = ()

    def strip(self, *_):
        raise ValueError("no")

    __str__ = __repr__ = __eq__ = casefold = replace = strip
    __hash__ = str.__hash__


class Heavy(float):
    def __float__(self):
        raise MemoryError("no")


class Disguised:
    @property
    def __class__(self):
        raise KeyError("no")


HOSTILE = [Hostile(), Liar("x"), Heavy(3), Disguised(), Hostile, [Hostile()], (Hostile(), 1),
           {"a": Hostile()}, pd.Series([Hostile()]), pd.DataFrame({"a": [Hostile()]}),
           np.array([object()]), iter([1]), b"30", range(2), {1: 2}, {"a": {"b": 1}},
           [[1, 2], [3, 4]], pd.Series(dtype=float), pd.DataFrame(), np.zeros((2, 2)),
           np.array(["x"]), pd.Timestamp("2026-01-01"), pd.Series(["a"], index=[None]),
           np.complex128(1 + 1j), np.datetime64("NaT"), Decimal("NaN"), Decimal("sNaN"), "٣", "1e5",
           "\x1b[31m<b>`x`</b>\n", [..., ...], (None, None), float("-inf"), ()]  # fmt: skip


@pytest.mark.parametrize("language", CODES)
@pytest.mark.parametrize("place", range(len(HOSTILE)))
def test_no_object_can_make_a_check_raise(desk, language, place):
    found = desk(language)
    for key in found:
        assert check(key, HOSTILE[place]).state in {"blank", "wrong"}


def hostile(place):
    """By its place, so that the test's own report need not show it."""
    return HOSTILE[place]


plain = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.complex_numbers(), st.text(),
    st.binary(), st.decimals(), st.fractions(), st.dates(),
    st.integers(0, len(HOSTILE) - 1).map(hostile),
)  # fmt: skip
anything = st.recursive(
    plain,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.tuples(inner, inner),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.lists(st.floats(), max_size=3).map(pd.Series),
        st.lists(st.integers(-9, 9), max_size=3).map(np.array),
    ),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(answer=anything, key=st.sampled_from([*exercises(USUAL), "nope", ""]))
def test_whatever_is_answered_one_line_comes_back(desk, capsys, answer, key):
    desk()
    verdict = check(key, answer)
    assert verdict.state in {"right", "blank", "wrong"}
    assert capsys.readouterr().out.count("\n") == 1
    assert "\n" not in verdict.message


def forms(number):
    """How a number might be written."""
    texts = {f"{number * by:.{digits}f}" for by in (1, 100) for digits in range(7)}
    texts |= {f"{number:,.{digits}f}" for digits in range(4)} | {repr(number), f"{number:g}"}
    return {text for text in texts if len(text.strip("-0.")) > 1}


@pytest.mark.parametrize("language", CODES)
def test_the_right_value_stands_in_no_message_in_any_form(desk, language):
    """Over many seeds and wrong answers; neither does the distance to it."""
    rng = np.random.default_rng(5)
    for _ in range(25):
        low, share, points = rng.uniform(0.1, 0.4), rng.uniform(0.11, 0.9), rng.uniform(-90, 90)
        number = float(rng.uniform(200, 9_000))
        values = {"number": number, "share": share, "points": points,
                  "interval": (low, low + rng.uniform(0.05, 0.3)),
                  "table": pd.Series({"new": share, "member": low})}  # fmt: skip
        found = desk(language, **values)
        secrets = forms(number) | forms(share) | forms(points) | forms(low)
        for key, right in (("count", number), ("rate", share), ("nps", points)):
            for wrong in (right * 1.3, -right, right * 100, right / 100, right + 7, [right], "30%",
                          str(right), pd.Series([right, right]), (right, right), 0):  # fmt: skip
                verdict = check(key, wrong)
                words = verdict.message.replace("100", "").replace(found[key][1], "")
                distance = abs(right - wrong) if isinstance(wrong, float) else 0
                assert not any(form in words for form in secrets | forms(distance)), words
        ends = values["interval"]
        for wrong in (low, (low, low), ends[::-1], [100 * v for v in ends], (low,) * 3, str(ends)):
            assert not any(form in check("range", wrong).message for form in secrets)
        for wrong in ({"new": share * 2, "member": low}, {"new": share}, values["table"] * 100):
            assert not any(form in check("frame", wrong).message for form in secrets)


def test_a_wrong_choice_or_order_hears_nothing_of_the_right_one(desk):
    """The same words whichever is right, as long as it is not the one given."""
    heard = set()
    for right in ("chat", "delivery"):
        desk(choice=right)
        heard |= {check("which", "browse").message, check("which", "what is this").message}
    assert len(heard) == 2
    heard = set()
    for right in (["delivery", "chat", "browse"], ["chat", "browse", "delivery"]):
        desk(ranking=right)
        heard |= {check("order", ["browse", "delivery", "chat"]).message}
        heard |= {check("order", ["zzz", "browse", "chat"]).message}
    assert len(heard) == 2


def test_an_unknown_key_names_the_nearest(desk, capsys):
    desk()
    assert check("rnage", 3).message == (
        "There is no exercise “rnage”. Did you mean one of these: range, rate, frame?"
    )
    assert check("", 3).message.startswith("There is no exercise “”. There are: count, rate,")
    assert check(3.5, 3).state == check(Hostile(), 3).state == "wrong"
    assert "△ There is no exercise" in capsys.readouterr().out


def test_without_a_company_both_languages_say_to_run_the_first_cell(desk):
    desk()
    use(None)
    assert check("count", 3).message == " ".join(
        message("workshop.check.no_company", each) for each in CODES
    )


def test_an_exercise_that_cannot_be_computed_blames_nobody(desk, monkeypatch):
    found = numbered([Exercise(key="odd", module=1, kind="number", expected=lambda _: 1 / 0)])
    desk()
    monkeypatch.setattr(checks, "registry", lambda: found)
    assert check("odd", 3).message == message("workshop.check.trouble", "en").format(key="odd")
    assert check("odd").state == "blank"


def test_what_a_learner_typed_is_shown_harmless(desk, monkeypatch):
    desk()
    shown = []
    monkeypatch.setattr("IPython.get_ipython", lambda: "a shell")
    monkeypatch.setattr("IPython.display.display", lambda each, **_: shown.append(each))
    check("which", "<img src=x onerror=alert(1)>`*_[a](b)" + "y" * 99)
    assert set(shown[0]) == {"text/plain", "text/markdown", checks.MIME}
    words = shown[0]["text/markdown"]
    assert "<img" not in words
    assert "&lt;img src=x onerror=alert&#40;1&#41;&gt;&#96;&#42;&#95;&#91;a" in words
    assert "y" * 30 not in words
    assert shown[0][checks.MIME]["state"] == "wrong"


def test_the_verdict_shows_itself_once(desk, capsys):
    """In a notebook the value of a cell's last line is displayed: a verdict has been already."""
    desk()
    verdict = check("count", 3)
    verdict._ipython_display_()
    assert capsys.readouterr().out.count("\n") == 1


@pytest.mark.parametrize("language", CODES)
def test_every_hint_of_the_machinery_has_words(language):
    words = catalogue(language)
    wanted = {hint for _, _, hint in WRONG if hint.startswith("workshop.check.")}
    assert wanted - set(words) == set()


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"key": "a b"}, "an exercise's key must be letters, digits and _, got 'a b'"),
        ({"module": 0}, "exercise a: module must be 1 or more, got 0"),
        ({"kind": "essay"}, f"exercise a: kind must be one of {', '.join(KINDS)}, got 'essay'"),
        ({"kind": "choice"}, "exercise a: a choice must have options, got none"),
        ({"tolerance": -1}, "exercise a: a tolerance must be 0 or more"),
        ({"mistakes": (Mistake("m"),)}, "exercise a, mistake m: give either answer or when"),
    ],
)
def test_an_impossible_exercise_is_refused(change, error):
    usual = {"key": "a", "module": 1, "kind": "number", "expected": lambda _: 1.0}
    with pytest.raises(InputError) as caught:
        Exercise(**usual | change)
    assert str(caught.value) == error


def test_numbers_follow_the_order_of_a_module_and_keys_differ():
    def one(key, module):
        return Exercise(key=key, module=module, kind="number", expected=lambda _: 1.0)

    found = numbered([one("a", 1), one("b", 2), one("d", 1)])
    assert {key: number for key, (_, number) in found.items()} == {
        "a": "1.1",
        "b": "2.1",
        "d": "1.2",
    }
    with pytest.raises(InputError, match="exercise keys must differ, found 'a' twice"):
        numbered([one("a", 1), one("a", 2)])
