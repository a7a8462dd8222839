"""What a reader's browser does with a report: loads nothing, complains about nothing, fits."""

from itertools import pairwise

import pytest

pytestmark = pytest.mark.browser
LANGUAGES = ("en", "zh-Hant-HK")


def named(browser, method):
    return [event["params"] for event in browser.events if event.get("method") == method]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_request_leaves_the_page_and_nothing_is_complained_about(
    browser, addresses, language, dark
):
    browser.open(addresses[language], dark=dark)
    asked = {each["request"]["url"] for each in named(browser, "Network.requestWillBeSent")}
    assert {url for url in asked if not url.startswith("data:")} == {addresses[language]}
    assert named(browser, "Log.entryAdded") == []
    assert named(browser, "Runtime.consoleAPICalled") == []
    assert named(browser, "Runtime.exceptionThrown") == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_both_embedded_faces_are_in_use(browser, addresses, language):
    browser.open(addresses[language])
    faces = browser.run("[...document.fonts].map(f => [f.family, f.weight, f.status])")
    assert sorted(faces) == [["Noto Sans HK", "400", "loaded"], ["Noto Sans HK", "700", "loaded"]]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_of_the_contents_brings_its_heading_to_the_top(browser, addresses, language):
    browser.open(addresses[language])
    count = browser.run("document.querySelectorAll('nav a').length")
    assert count == 6
    for place in range(count):
        top, room = browser.run(
            f"(() => {{ const a = document.querySelectorAll('nav a')[{place}]; a.click();"
            "const h = document.getElementById(decodeURIComponent(a.hash.slice(1)));"
            "const left = document.documentElement.scrollHeight - innerHeight - scrollY;"
            "return [h.getBoundingClientRect().top, left]; })()"
        )
        assert 0 <= top < 60 or room < 2, place


@pytest.mark.parametrize("width", [390, 320])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_phone_scrolls_tables_and_charts_not_the_page(browser, addresses, language, width):
    browser.open(addresses[language], width=width, height=800)
    assert browser.run("document.documentElement.scrollWidth") <= width
    wide = browser.run(
        "[...document.querySelectorAll('.scroll')]"
        ".filter(e => e.scrollWidth > e.clientWidth).length"
    )
    assert wide > 0
    beyond = browser.run(
        "[...document.querySelectorAll('h1, h2, h3, p, li, dd, .kpi, .title')].filter(e =>"
        f" e.getBoundingClientRect().right > {width} + 1).map(e => e.textContent.slice(0, 40))"
    )
    assert beyond == []


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_text_can_be_read_on_its_ground(browser, addresses, dark):
    """WCAG 4.5:1, computed from the colours the browser paints; charts keep a light plate."""
    browser.open(addresses["en"], dark=dark)
    weak = browser.run(
        """(() => {
        const parse = c => (c.match(/[\\d.]+/g) || []).map(Number);
        const lum = c => { const [r, g, b] = c.slice(0, 3).map(v => { v /= 255;
            return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
            return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
        const ground = e => { for (; e; e = e.parentElement) {
            const c = parse(getComputedStyle(e).backgroundColor);
            if (c.length && (c.length === 3 || c[3] > 0)) return c; } return [255, 255, 255]; };
        const weak = [], all = 'h1,h2,h3,p,li,td,th,dt,dd,a,span,strong,data';
        for (const e of document.querySelectorAll(all)) {
            const said = [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim());
            if (e.closest('.skip') || !said) continue;
            const [a, b] = [lum(parse(getComputedStyle(e).color)), lum(ground(e))];
            const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
            if (ratio < 4.5) weak.push([e.tagName, e.className, ratio, e.textContent.slice(0, 30)]);
        }
        return weak; })()"""
    )
    assert weak == []
    plate = browser.run("getComputedStyle(document.querySelector('figure svg')).backgroundColor")
    assert plate == "rgb(255, 255, 255)"


def test_structure_for_readers_by_ear(browser, addresses):
    """One h1, no skipped heading level, every table named, every column head scoped."""
    browser.open(addresses["en"])
    levels = browser.run("[...document.querySelectorAll('h1,h2,h3')].map(h => +h.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert browser.run("[...document.querySelectorAll('table')].every(t => t.caption)")
    assert browser.run("[...document.querySelectorAll('thead th')].every(t => t.scope === 'col')")
    names = browser.run("[...document.querySelectorAll('figure svg')].map(s => s.ariaLabel.length)")
    assert min(names) > 15
    first = browser.run(
        "(() => { const a = document.querySelector('a'); a.focus();"
        " return [a.className, a.getBoundingClientRect().left >= 0]; })()"
    )
    assert first == ["skip", True]
