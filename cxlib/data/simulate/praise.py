"""What happy customers write, by touchpoint and register (slots as in `complaints`)."""

from typing import Final

PRAISE: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "social_ad": {
        "zh": ("廣告的搭配示範很實用,照著買了{item}。", "優惠資訊清楚。"),
        "yue": ("個廣告啲佈置好靚,照住買咗{item}。", "見到廣告先知有呢個優惠,抵。"),
        "en": (
            "The room ideas in the ad were useful.",
            "Clear offer, I found my {item} through it.",
        ),
        "mix": ("個 ad 嘅 styling 好靚。", "IG 見到個 {item},即刻去買。"),
    },
    "search_site": {
        "zh": ("一搜尋便找到合適的{item}。", "資料清楚,比較方便。"),
        "yue": ("一search就搵到想要嘅{item}。", "啲資料好齊,慳返好多時間。"),
        "en": ("Found the right {item} at once.", "Easy to compare sizes and prices."),
        "mix": ("search 一次就搵到個 {item}。", "info 好齊全。"),
    },
    "website_browse": {
        "zh": ("網站尺寸圖清楚,選{item}很方便。", "相片和用家評價很有參考價值。"),
        "yue": ("網頁有實景相同尺寸,揀{item}好易。", "啲用家相好有用,一睇就知啱唔啱。"),
        "en": ("Good photos and clear dimensions for every {item}.", "Pleasant site to browse."),
        "mix": ("個 website 啲相好清楚。", "有 3D view 睇 {item},好方便。"),
    },
    "store_visit": {
        "zh": (
            "職員態度親切,耐心介紹不同{item}的分別。",
            "{place}分店陳列整齊,示範單位很有參考價值。",
            "可以慢慢試坐,沒有硬銷。",
        ),
        "yue": (
            "店員好好人,好有耐性解釋{item}啲料。",
            "{place}間舖好好行,試坐幾耐都得。",
            "個姐姐冇hard sell,仲教我點度位。",
        ),
        "en": (
            "Friendly staff who know their {item} range.",
            "The show flats in {place} gave us real ideas for a small home.",
            "No hard sell, we could take our time.",
        ),
        "mix": ("staff 好 nice,冇 hard sell。", "{place} 間 showroom 好靚。"),
    },
    "enquiry_chat": {
        "zh": (
            "回覆迅速,{item}的尺寸和送貨費一次過說明。",
            "職員詳細解答,還傳來實物相片。",
            "查詢後{minutes}分鐘內有回覆。",
        ),
        "yue": (
            "WhatsApp {minutes}分鐘就覆,好快。",
            "問咩都答到,仲影埋實物相畀我睇。",
            "個職員好細心,幫我check埋邊間舖有{item}。",
        ),
        "en": (
            "Quick reply and a full answer about the {item}.",
            "They sent photos and checked stock for me within {minutes} minutes.",
        ),
        "mix": ("reply 好快,仲 send 埋相。", "CS 好 helpful,{minutes} 分鐘就 reply。"),
    },
    "design_consult": {
        "zh": (
            "設計師很專業,善用了我家每一寸空間。",
            "設計圖清晰,連{item}的位置也考慮周到。",
            "設計師耐心修改了三次。",
        ),
        "yue": (
            "設計師好專業,三百呎都擺到{item}。",
            "個設計師好有心,改咗三次圖都冇黑面。",
            "度位度得好準,收納多咗好多。",
        ),
        "en": (
            "The designer made our small flat work, {item} included.",
            "Clear drawings and honest advice on what not to buy.",
            "Patient designer, three rounds of changes without a frown.",
        ),
        "mix": ("個 designer 好 professional。", "3D 圖好 detail,{item} 擺邊都諗埋。"),
    },
    "store_checkout": {
        "zh": ("付款快捷,職員主動替我用優惠券。", "收銀員有禮貌,清楚解釋保養。"),
        "yue": ("畀錢好快,仲提我用會員優惠。", "收銀員好有禮貌,講得好清楚。"),
        "en": ("Fast and polite at the till.", "The cashier found me a member discount."),
        "mix": ("cashier 好 friendly。", "check out 好快,仲有 discount。"),
    },
    "online_checkout": {
        "zh": ("結帳步驟簡單,付款方式多。", "網上付款順利,即時收到確認。"),
        "yue": ("兩三下就畀完錢,好方便。", "可以用FPS同AlipayHK,好快搞掂。"),
        "en": ("Checkout was simple and quick.", "Order of the {item} confirmed at once."),
        "mix": ("check out 好 smooth。", "用 Apple Pay 一下就得。"),
    },
    "delivery_booking": {
        "zh": ("送貨時段選擇多,可以網上改期。", "預約清楚,前一天有短訊提示。"),
        "yue": ("揀到星期日送,好啱我。", "改期好易,網上撳兩下就得。"),
        "en": (
            "Plenty of slots and a reminder the day before.",
            "Changing the date online was easy.",
        ),
        "mix": ("book 送貨好方便,有 SMS reminder。", "可以揀 weekend slot,正。"),
    },
    "delivery": {
        "zh": (
            "送貨準時,師傅小心搬運。",
            "送貨員有禮,{item}包裝妥當。",
            "到達前{minutes}分鐘有來電通知。",
        ),
        "yue": (
            "師傅好準時,搬{item}好小心。",
            "行樓梯都照搬,師傅辛苦晒。",
            "送貨前{minutes}分鐘打嚟,好貼心。",
        ),
        "en": (
            "On time, careful, and they called {minutes} minutes ahead.",
            "The {item} arrived well wrapped.",
        ),
        "mix": ("delivery 好準時。", "師傅好小心搬個 {item},nice。"),
    },
    "assembly": {
        "zh": (
            "安裝師傅手工細緻,完工後清理乾淨。",
            "師傅很有效率,{minutes}分鐘便裝好{item}。",
            "師傅主動調校櫃門,並教我們保養。",
        ),
        "yue": (
            "師傅手勢好好,裝完仲掃埋地。",
            "{minutes}分鐘就裝好個{item},勁。",
            "兩個師傅好有禮貌,着鞋套先入屋。",
        ),
        "en": (
            "The fitters were quick, tidy and polite.",
            "They had the {item} up in {minutes} minutes and cleaned up.",
            "They put on shoe covers and levelled every door.",
        ),
        "mix": ("師傅好 professional,裝完仲執埋嘢。", "{minutes} 分鐘 set 好個 {item},perfect。"),
    },
    "aftersales_service": {
        "zh": ("報修後兩天便有師傅上門。", "職員跟進到底,零件很快寄到。"),
        "yue": ("爭嘅零件第二日就寄到,好快手。", "個職員跟到尾,冇推卸。"),
        "en": ("The missing part came the next day.", "One person followed my case to the end."),
        "mix": ("after-sales follow up 好快。", "part 第二日就 send 到,good。"),
    },
    "loyalty_app": {
        "zh": ("積分清楚,換購方便。", "會員優惠實用,生日禮券很窩心。"),
        "yue": ("儲分好易,生日仲有券。", "個app好用,啲分即刻入。"),
        "en": ("Points show up at once.", "Nice birthday voucher in the app."),
        "mix": ("個 app 好 user-friendly。", "point 即時入,good。"),
    },
    "referral_review": {
        "zh": ("已推薦給兩位朋友,他們也很滿意。", "推薦優惠大家都有,很公道。"),
        "yue": ("介紹咗兩個同事去買{item},佢哋都讚。", "推薦碼兩邊都有著數,好嘢。"),
        "en": (
            "Recommended you to two friends already.",
            "The referral reward is fair to both sides.",
        ),
        "mix": ("已經 recommend 咗畀朋友。", "referral 兩邊都有 offer,fair。"),
    },
}
