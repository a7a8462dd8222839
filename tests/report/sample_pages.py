# ruff: noqa: E501, ISC004 - sentences of a report stand as they are read
"""A made-up executed notebook with every kind of block, in English and Hong Kong Chinese."""

from io import StringIO

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from cxlib.report.html import BLOCK_MIME, PageText

TOUCHPOINTS = [
    ("Social advertising", "社交媒體廣告", 1204, 34.1, 29.9, 38.3, "good"),
    ("Search and comparison sites", "搜尋及格價網站", 988, 31.7, 26.8, 36.6, "good"),
    ("Website browsing", "網站瀏覽", 1530, 27.4, 23.5, 31.3, "watch"),
    ("Store visit", "親臨分店", 1121, 36.9, 32.6, 41.2, "good"),
    ("Enquiry chat", "查詢對話", 1342, 4.2, -0.1, 8.5, "bad"),
    ("Design consultation", "設計諮詢", 512, 52.3, 46.0, 58.6, "good"),
    ("Store checkout", "分店付款", 903, 33.5, 28.7, 38.3, "good"),
    ("Online checkout", "網上付款", 877, 24.9, 19.9, 29.9, "watch"),
    ("Delivery booking", "預約送貨", 1015, 2.8, -2.1, 7.7, "bad"),
    ("Delivery", "送貨上門", 1188, 22.6, 18.2, 27.0, "watch"),
    ("Assembly", "安裝服務", 764, 48.8, 43.7, 53.9, "good"),
    ("After-sales service", "售後服務", 655, -3.4, -9.6, 2.8, "bad"),
    ("Loyalty app", "會員應用程式", 421, 28.2, 20.9, 35.5, "watch"),
    ("Referral and reviews", "推介及評論", 398, 30.4, 22.9, 37.9, "watch"),
]
WORDS = {
    "good": ("▲ on target", "▲ 達標"),
    "watch": ("● watch", "● 留意"),
    "bad": ("▼ below", "▼ 未達"),
}


def number(value, text=None):
    shown = text or f"{value:.1f}".replace("-", "\N{MINUS SIGN}")
    return f'<data value="{value}">{shown}</data>'


def both(pattern, **words):
    """Fill one pattern with the English and the Chinese word of each name."""
    return {
        language: pattern.format(**{name: pair[place] for name, pair in words.items()})
        for place, language in enumerate(("en", "zh-Hant-HK"))
    }


def chart(language, *, tall=False):
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from cxlib.report.fonts import report_fonts

    fonts = report_fonts()
    for path in (fonts.regular, fonts.bold):
        if path.as_posix() not in {entry.fname for entry in mpl.font_manager.fontManager.ttflist}:
            mpl.font_manager.fontManager.addfont(path.as_posix())
    rc = {
        "svg.fonttype": "none",
        "svg.hashsalt": "sample",
        "font.family": fonts.family,
        "font.size": 9,
    }
    with mpl.rc_context(rc):
        figure = Figure(figsize=(6.5, 4.2 if tall else 3.1), layout="constrained")
        axes = figure.add_subplot()
        names = [row[0 if language == "en" else 1] for row in TOUCHPOINTS]
        values = [row[3] for row in TOUCHPOINTS]
        if tall:
            axes.barh(names[::-1], values[::-1], color="#12505F", height=0.62)
            axes.set_xlabel("NPS, points" if language == "en" else "淨推薦值（分）")
        else:
            axes.plot(range(len(values)), values, color="#12505F", marker="o")
            axes.axhline(25, color="#A2541D", linestyle=(0, (4, 2)))
            axes.set_xticks(range(len(names)), names, rotation=35, ha="right", fontsize=7.5)
        axes.spines[["top", "right"]].set_visible(False)
        out = StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None})
    svg = out.getvalue()
    alt = (
        "Points per touchpoint: design consultation highest, after-sales service lowest"
        if language == "en"
        else "各接觸點淨推薦值：設計諮詢最高，售後服務最低"
    )
    return svg[svg.index("<svg") :].replace("<svg", f'<svg role="img" aria-label="{alt}"', 1)


def answer():
    return both(
        '<section class="answer"><p class="lead">{lead}</p><ol class="reasons"><li>{one}</li>'
        '<li>{two}</li><li>{three}</li></ol><p class="decision">{decision}</p></section>',
        lead=(
            f"Customers would recommend Harbour Home at {number(25.3)} points, and three moments after "
            f"the first visit cost it {number(11.2)} points: enquiry chat, delivery booking and after-sales service.",
            f"海港家居嘅淨推薦值係 {number(25.3)} 分；首次光顧之後有三個時刻合共拖低 {number(11.2)} 分："
            "查詢對話、預約送貨同售後服務。",
        ),
        one=(
            f"Enquiry chat scores {number(4.2)} points, {number(21.1)} below the journey's mean; half of all customers wait longer than {number(95, '95')} minutes.",
            f"查詢對話只得 {number(4.2)} 分，低過旅程平均 {number(21.1)} 分；一半顧客要等多過 {number(95, '95')} 分鐘。",
        ),
        two=(
            f"Delivery booking scores {number(2.8)} points: customers explain their order again in {number(31.4)}% of cases.",
            f"預約送貨得 {number(2.8)} 分：有 {number(31.4)}% 個案要顧客重新解釋訂單。",
        ),
        three=(
            f"Fixing the three lifts repeat purchase the most: each 10 points go with {number(2.6)} percentage points.",
            f"改善呢三處對重購最有幫助：每 10 分對應 {number(2.6)} 個百分點。",
        ),
        decision=(
            'Approve the 15-minute reply promise in eight stores from <time datetime="2026-01-01">1 January 2026</time>, at HK$'
            + number(1_240_000, "1,240,000")
            + " for half a year.",
            '請批准由 <time datetime="2026-01-01">2026年1月1日</time> 起喺八間分店推行十五分鐘回覆承諾，半年成本 HK$'
            + number(1_240_000, "1,240,000")
            + "。",
        ),
    )


def score_table(*, long=False):
    rows = TOUCHPOINTS * (4 if long else 1)
    made = {}
    for place, language in enumerate(("en", "zh-Hant-HK")):
        heads = (
            (
                "Touchpoint",
                "Answers",
                "NPS, points",
                "95% interval, from",
                "95% interval, to",
                "Status",
            ),
            (
                "接觸點",
                "回覆數目",
                "淨推薦值（分）",
                "95% 置信區間下限",
                "95% 置信區間上限",
                "狀態",
            ),
        )[place]
        title = (
            f"Three touchpoints stand below {number(10, '10')} points, none of them in the store",
            f"三個接觸點低過 {number(10, '10')} 分，全部唔喺分店",
        )[place]
        subtitle = ("NPS, points, July to December 2025", "淨推薦值，分，2025年7月至12月")[place]
        source = (
            "n = 12,918 answers of 5,204 customers; Wald interval on the multinomial variance; question: how likely are you to recommend us, 0 to 10.",
            "n = 12,918 個回覆，5,204 位顧客；多項分佈方差嘅 Wald 區間；問題：你有幾大機會推介我哋（0 至 10 分）。",
        )[place]
        body = "".join(
            f'<tr><th scope="row">{row[place]}{f" {turn}" if long else ""}</th><td class="num">{number(row[2], f"{row[2]:,}")}</td>'
            f'<td class="num">{number(row[3])}</td><td class="num">{number(row[4])}</td>'
            f'<td class="num">{number(row[5])}</td><td class="status-{row[6]}">{WORDS[row[6]][place]}</td></tr>'
            for turn, row in enumerate(rows, start=1)
        )
        key = "table-long" if long else "table-scores"
        made[language] = (
            f'<table class="numbers" id="{key}"><caption><strong class="title">{title}</strong>'
            f'<span class="subtitle">{subtitle}</span></caption><thead><tr>'
            + "".join(f'<th scope="col">{head}</th>' for head in heads)
            + f'</tr></thead><tbody>{body}</tbody></table><p class="source">{source}</p>'
        )
    return made


def action_table():
    return both(
        '<table class="numbers" id="table-actions"><caption><strong class="title">{title}</strong><span class="subtitle">{sub}</span></caption>'
        '<thead><tr><th scope="col">{a}</th><th scope="col">{b}</th><th scope="col">{c}</th><th scope="col">{d}</th></tr></thead>'
        '<tbody><tr><th scope="row">{r1}</th><td class="text">{o1}</td><td class="text"><time datetime="2026-01-01">{t1}</time></td><td class="num">'
        + number(310_000, "310,000")
        + '</td></tr><tr><th scope="row">{r2}</th><td class="text">{o2}</td><td class="text"><time datetime="2026-03-01">{t2}</time></td>'
        '<td class="num">' + number(95_000, "95,000") + "</td></tr></tbody></table>",
        title=("Two actions start first", "先做兩件事"),
        sub=("Ranked by effect on repurchase and ease", "按對重購嘅影響同易行程度排列"),
        a=("Action", "行動"),
        b=("Owner", "負責人"),
        c=("Start", "開始日期"),
        d=("Cost, HK$", "成本（港元）"),
        r1=(
            "A dedicated enquiry team answers every message within fifteen minutes between 10:00 and 22:00, seven days a week",
            "專責查詢小組每日上午十時至晚上十時，十五分鐘內回覆每個訊息",
        ),
        o1=("Head of service", "客戶服務主管"),
        t1=("1 January 2026", "2026年1月1日"),
        r2=(
            "One delivery record that travels with the order, so that nobody explains twice",
            "送貨紀錄跟住訂單走，顧客唔使講兩次",
        ),
        o2=("Head of logistics", "物流主管"),
        t2=("1 March 2026", "2026年3月1日"),
    )


def blocks():
    """Every block as (role, key, html per language), in the order of the cells."""
    section = '<h2 id="{key}">{title}</h2><p class="lead">{lead}</p>'
    yield "answer", "answer", answer()
    yield (
        "section",
        "scope",
        both(
            section.replace("{key}", "scope"),
            title=(
                "12,918 answers describe the journey well, and online customers a little less",
                "12,918 個回覆足以描述旅程，網上顧客稍欠代表性",
            ),
            lead=(
                "Three in ten customers invited did answer. Those who did not were a little younger and bought online more often; the scores are weighted for it.",
                "受邀顧客有三成作答。無作答嘅人稍為年輕，亦較多網購；分數已按此加權。",
            ),
        ),
    )
    yield (
        "kpis",
        "kpis",
        both(
            '<div class="kpis"><div class="kpi status-watch"><p class="kpi-label">{a}</p><p class="kpi-value">'
            + number(25.3)
            + '</p><p class="kpi-note">{an}</p></div><div class="kpi"><p class="kpi-label">{b}</p><p class="kpi-value">'
            + number(4.9)
            + '</p><p class="kpi-note">{bn}</p></div><div class="kpi status-bad"><p class="kpi-label">{c}</p><p class="kpi-value">'
            + number(0.652, "65.2")
            + "%"
            + '</p><p class="kpi-note">{cn}</p></div><div class="kpi status-good"><p class="kpi-label">{d}</p><p class="kpi-value">'
            + number(0.384, "38.4")
            + "%"
            + '</p><p class="kpi-note">{dn}</p></div></div>',
            a=("Net promoter score", "淨推薦值"),
            an=("points; 23.6 to 27.0; ● watch", "分；23.6 至 27.0；● 留意"),
            b=("Ease of service (CES 2.0)", "服務輕鬆度（CES 2.0）"),
            bn=("of 7; 4.8 to 5.0", "滿分 7；4.8 至 5.0"),
            c=("Positive mentions", "正面提及"),
            cn=("goal above 70%; ▼ below", "目標高於 70%；▼ 未達"),
            d=("Repeat purchase in 90 days", "90 日內重購"),
            dn=("goal above 38%; ▲ on target", "目標高於 38%；▲ 達標"),
        ),
    )
    yield (
        "section",
        "sub",
        both(
            '<h3 id="who">{t}</h3><p>{p}</p><ul><li>{x}</li><li>{y}</li></ul>',
            t=("Who answered", "邊個作答"),
            p=(
                'Members answer twice as often as new customers; see <a href="#table-scores">the scores</a>. The word 骨 <span lang="zh-Hant-HK">排骨</span> prints in its Hong Kong shape.',
                '會員作答嘅機會係新客兩倍；見<a href="#table-scores">分數表</a>。原文 <span lang="en">“so easy”</span> 照錄。',
            ),
            x=("Members: <strong>41%</strong> answered", "會員：<strong>41%</strong> 作答"),
            y=("New customers: 19% answered<sup>1</sup>", "新客：19% 作答<sup>1</sup>"),
        ),
    )
    yield (
        "section",
        "scores",
        both(
            section.replace("{key}", "scores"),
            title=(
                "The journey is strong in the store and weak in between",
                "分店表現強，中間環節弱",
            ),
            lead=(
                "Fourteen touchpoints were asked about. The intervals do not overlap between the three lowest and the rest.",
                "調查覆蓋十四個接觸點。最低三個同其他嘅置信區間並無重疊。",
            ),
        ),
    )
    yield (
        "finding",
        "lowest",
        both(
            '<aside class="finding"><p>{p}</p></aside>',
            p=(
                f"After-sales service is the lowest at {number(-3.4)} points (95% interval {number(-9.6)} to {number(2.8)}); it is {number(28.7)} points below the mean of the journey.",
                f"售後服務最低，得 {number(-3.4)} 分（95% 置信區間 {number(-9.6)} 至 {number(2.8)}），低過旅程平均 {number(28.7)} 分。",
            ),
        ),
    )
    yield "table", "scores-table", score_table()
    yield (
        "figure",
        "curve",
        {
            language: f'<figure id="figure-curve"><figcaption><strong class="title">{title}</strong><span class="subtitle">{sub}</span></figcaption>{chart(language)}<p class="source">{source}</p></figure>'
            for language, title, sub, source in (
                (
                    "en",
                    "Feeling falls after the visit and recovers only with design advice and assembly",
                    "NPS by touchpoint in the order customers meet them, points; dashed: mean of the journey",
                    "n = 12,918 answers, July to December 2025; all channels; 95% Wald intervals in the table.",
                ),
                (
                    "zh-Hant-HK",
                    "光顧之後心情下跌，要到設計諮詢同安裝先回升",
                    "按顧客經歷次序排列嘅淨推薦值（分）；虛線：旅程平均",
                    "n = 12,918 個回覆，2025年7月至12月；所有渠道；95% Wald 區間見表。",
                ),
            )
        },
    )
    yield (
        "section",
        "causes",
        both(
            section.replace("{key}", "causes"),
            title=(
                "A quick reply raises conversion; coaching shows no effect",
                "快啲回覆可提高成交；輔導未見成效",
            ),
            lead=(
                "One experiment and one comparison of stores point the same way.",
                "一個實驗同一個分店比較都指向同一方向。",
            ),
        ),
    )
    for grade, words in {
        "A": (
            f"Replies within 15 minutes raise conversion by {number(2.0)} percentage points (95% interval {number(1.1)} to {number(2.9)}).",
            f"十五分鐘內回覆令成交率上升 {number(2.0)} 個百分點（95% 置信區間 {number(1.1)} 至 {number(2.9)}）。",
        ),
        "C": (
            "Repeat purchase rose after the change, with the trend taken into account.",
            "計入趨勢之後，重購喺改動後上升。",
        ),
        "D": (
            "The coached stores recovered, but so would stores picked for their worst quarter: the effect cannot be told apart.",
            "受輔導分店回升，但揀最差一季嘅分店本來都會回升：分唔到成效。",
        ),
    }.items():
        note = (
            "Evidence grade " + grade + ": see the method",
            "證據級別 " + grade + "：見方法說明",
        )
        yield (
            "finding",
            f"cause-{grade}",
            both(
                f'<aside class="finding grade-{grade}"><p>{{p}}</p><p class="note">{{n}}</p></aside>',
                p=words,
                n=note,
            ),
        )
    yield (
        "figure",
        "bars",
        {
            language: f'<figure id="figure-bars"><figcaption><strong class="title">{title}</strong><span class="subtitle">{sub}</span></figcaption>{chart(language, tall=True)}<p class="source">n = 12,918</p></figure>'
            for language, title, sub in (
                ("en", "Design consultation leads at 52.3 points", "NPS, points"),
                ("zh-Hant-HK", "設計諮詢以 52.3 分居首", "淨推薦值，分"),
            )
        },
    )
    yield "table", "actions", action_table()
    yield (
        "note",
        "limits",
        both(
            '<aside class="limit"><p>{p}</p></aside><p class="note">{n}</p>',
            p=(
                "Answers come from customers who left an e-mail address; walk-in customers without one are not heard.",
                "回覆來自有留低電郵嘅顧客；無留低嘅街客聽唔到。",
            ),
            n=("Cells with fewer than 30 answers are not shown.", "少過 30 個回覆嘅格唔會顯示。"),
        ),
    )
    yield (
        "section",
        "appendix",
        both(
            section.replace("{key}", "appendix"),
            title=("Appendix: every store and touchpoint", "附錄：每間分店同接觸點"),
            lead=("For reference.", "供參考。"),
        ),
    )
    yield "table", "long", score_table(long=True)
    yield (
        "provenance",
        "provenance",
        both(
            '<h2 id="provenance-facts">{t}</h2><dl class="facts"><dt>{a}</dt><dd>5f0c2d…9b (12,918 answers)</dd><dt>{b}</dt><dd>cxlib 0.1.0, Python 3.11.2</dd></dl>',
            t=("Where these numbers come from", "數字出處"),
            a=("Data", "數據"),
            b=("Code", "程式"),
        ),
    )


def notebook():
    """The executed notebook: a parameters cell, consultant's notes, one cell a block."""
    cells = [
        new_markdown_cell(
            "# Title for the consultant SECRET-NOTE", metadata={"tags": ["consultant-note"]}
        )
    ]
    cells.append(new_code_cell("wave = 'SECRET-CODE'", metadata={"tags": ["parameters"]}))
    for role, key, html in blocks():
        data = {
            "text/html": "live",
            "text/plain": "plain",
            BLOCK_MIME: {"role": role, "key": key, "html": html, "record": {}},
        }
        cells.append(
            new_code_cell(f"show('{key}')", outputs=[new_output("display_data", data=data)])
        )
    cells.append(
        new_code_cell(
            "print(1)", outputs=[new_output("stream", name="stdout", text="SECRET-STREAM")]
        )
    )
    made = new_notebook(cells=cells)
    nbformat.validate(made)
    return made


def page(language):
    """The words around the blocks."""
    if language == "en":
        return PageText(
            language="en",
            title="Customer-experience diagnosis",
            client="Harbour Home",
            subtitle="Where the journey wins and loses customers",
            facts=(
                ("Period", "1 July to 31 December 2025"),
                ("Wave", "2025H2"),
                ("Date", "3 November 2026"),
            ),
            contents="Contents",
            skip="Skip to the report",
            page_of="Page {page} of {pages}",
            answer="The answer",
            reasons="Why",
            decision="Decision wanted",
            limit="What this cannot show",
            provenance="Provenance",
            footer="Confidential · prepared for Harbour Home",
            author="CX Workbook",
        )
    return PageText(
        language="zh-Hant-HK",
        title="顧客體驗診斷",
        client="海港家居",
        subtitle="旅程喺邊度贏到顧客、喺邊度流失顧客",
        facts=(("期間", "2025年7月1日至12月31日"), ("波次", "2025H2"), ("日期", "2026年11月3日")),
        contents="目錄",
        skip="跳到報告正文",
        page_of="第 {page} 頁，共 {pages} 頁",
        answer="答案",
        reasons="理由",
        decision="請作決定",
        limit="局限",
        provenance="出處",
        footer="機密 · 為海港家居編製",
        author="CX Workbook",
    )
