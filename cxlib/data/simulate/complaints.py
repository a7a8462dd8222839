"""What unhappy customers write, by touchpoint and register.

Registers: zh written Chinese, yue written Cantonese, en English, mix both in one sentence.
Slots {item} {place} {days} {minutes} {hours} {pieces} are filled by `text.fill`.
"""

from typing import Final

COMPLAINTS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "social_ad": {
        "zh": (
            "廣告上的價錢與實際不同,{item}到店才知道沒有優惠。",
            "廣告太頻密,而且都是已經售罄的{item}。",
            "圖片與實物的顏色差很遠。",
        ),
        "yue": (
            "廣告話{item}半價,入到去先話賣晒。",
            "成日彈廣告出嚟,煩到死。",
            "張相影到好靚,真係去睇又唔係嗰個色。",
        ),
        "en": (
            "The ad price for the {item} was not honoured in the store.",
            "Too many ads, and most of the items are sold out.",
            "The colour in the ad looks nothing like the real {item}.",
        ),
        "mix": ("個 ad 話有 offer,click 入去又冇。", "IG 廣告張 {item} 同實物差好遠。"),
    },
    "search_site": {
        "zh": (
            "在網上搜尋{item}找不到尺寸資料。",
            "搜尋結果很多已停產的產品。",
            "網頁載入很慢,等了很久才看到產品。",
        ),
        "yue": (
            "喺Google搵到個{item},撳入去又話冇呢個頁面。",
            "search極都search唔到{item}嘅尺寸。",
            "個網好慢,load極都load唔到。",
        ),
        "en": (
            "Searching for a {item} shows things you stopped selling.",
            "I could not find the dimensions of the {item}.",
            "The page took forever to load on my phone.",
        ),
        "mix": ("search {item} 出好多 out of stock 嘅嘢。", "個 website load 得好慢。"),
    },
    "website_browse": {
        "zh": (
            "網站沒有列明{item}能否放進電梯,尺寸資料不全。",
            "篩選功能不好用,找一個{item}花了{minutes}分鐘。",
            "網上顯示有貨,但分店說沒有。",
        ),
        "yue": (
            "網頁寫有貨,去到{place}舖頭又話冇。",
            "啲相得兩張,{item}幾深都唔寫,點知入唔入到𨋢。",
            "個filter成日彈返轉頭,搵{minutes}分鐘都搵唔到。",
        ),
        "en": (
            "The site says in stock, the {place} store says no.",
            "Only two photos of the {item} and no depth given.",
            "Filters reset every time I go back. Wasted {minutes} minutes.",
        ),
        "mix": ("個 filter 好難用,搵極都搵唔到 {item}。", "website 話有 stock,去到 {place} 又冇。"),
    },
    "store_visit": {
        "zh": (
            "店內人手不足,等了{minutes}分鐘才有人招呼。",
            "{place}分店示範單位凌亂,{item}沒有標價。",
            "職員對產品不熟悉,問{item}用料也答不出。",
            "通道太窄,推嬰兒車難以走動。",
        ),
        "yue": (
            "行咗成{minutes}分鐘都冇人理我。",
            "問個{item}乜嘢料,店員話唔知,叫我自己睇牌。",
            "{place}間舖迫到爆,{item}又冇得坐低試。",
            "個店員黑口黑面,好似唔想做生意咁。",
        ),
        "en": (
            "Waited {minutes} minutes before anyone came to help.",
            "Staff could not tell me what the {item} is made of.",
            "The {place} store was crowded and the {item} had no price tag.",
        ),
        "mix": ("等咗 {minutes} 分鐘都冇 staff 理我。", "問 {item} 嘅 material,個 staff 唔識答。"),
    },
    "enquiry_chat": {
        "zh": (
            "查詢{item}存貨,等了{hours}小時才有回覆。",
            "回覆很慢,而且只是罐頭訊息,沒有回答我的問題。",
            "WhatsApp查詢{days}天沒有人回覆,最後去了別家買。",
            "同一個問題要重複講三次,每次都是不同職員。",
            "查詢的答案不完整,送貨費和尺寸都沒有說。",
        ),
        "yue": (
            "問{item}有冇貨,等咗{hours}個鐘先覆。",
            "WhatsApp已讀不回,等咗{days}日,唔該請多個人啦。",
            "覆得好慢,仲要答非所問。",
            "每次都係第二個人覆,同一件事講咗三次。",
            "問尺寸佢淨係send條link畀我,冇答過我問題。",
            "啲回覆全部copy and paste,問嘢冇人答到。",
        ),
        "en": (
            "It took {hours} hours to get a reply about the {item}.",
            "Slow reply, and the answer was a canned message.",
            "Asked about stock on WhatsApp, no answer for {days} days. I bought it elsewhere.",
            "I had to explain the same question to three different people.",
            "The reply left out the delivery fee and the size I asked for.",
        ),
        "mix": (
            "inbox 咗 {hours} 個鐘先 reply,太慢。",
            "問個 {item} 嘅 size,佢 send 條 link 畀我就算。",
            "customer service 覆得好慢,等咗 {days} 日。",
            "WhatsApp 已讀不回,no reply at all。",
        ),
    },
    "design_consult": {
        "zh": (
            "設計師遲到{minutes}分鐘,時間不夠討論。",
            "設計圖的尺寸量錯,{item}放不下。",
            "預約設計諮詢要等{days}天。",
        ),
        "yue": (
            "設計師遲咗{minutes}分鐘,成個consult好趕。",
            "個圖度錯尺,{item}放唔落。",
            "約個設計師要等{days}日,耐咗啲。",
        ),
        "en": (
            "The designer was {minutes} minutes late.",
            "The drawing had wrong measurements, so the {item} does not fit.",
            "I waited {days} days for an appointment.",
        ),
        "mix": ("個 designer 遲到 {minutes} 分鐘。", "3D 圖個 {item} size 錯咗。"),
    },
    "store_checkout": {
        "zh": (
            "收銀處只開一個櫃位,排隊{minutes}分鐘。",
            "付款時才說{item}要另收運費。",
            "會員折扣未能即時扣減,要職員重新輸入。",
        ),
        "yue": (
            "排隊畀錢排咗{minutes}分鐘,得一個cashier。",
            "去到畀錢先話{item}要加運費,之前又唔講。",
            "張優惠券話用唔到,搞咗成{minutes}分鐘。",
        ),
        "en": (
            "Queued {minutes} minutes to pay, only one till open.",
            "The delivery charge for the {item} came up only at the till.",
            "My voucher did not work and nobody knew why.",
        ),
        "mix": ("排隊 check out 排咗 {minutes} 分鐘。", "cashier 得一個,條隊 super 長。"),
    },
    "online_checkout": {
        "zh": (
            "付款頁面出錯,試了幾次才成功。",
            "結帳時才顯示運費,比預期貴。",
            "輸入地址要重填,十分麻煩。",
        ),
        "yue": (
            "撳畀錢跳咗出嚟,試咗三次先得。",
            "去到最後一步先話運費要加,伏。",
            "FPS成日過唔到,個{item}留唔住。",
        ),
        "en": (
            "The payment page failed three times.",
            "The delivery fee for the {item} only shows at the last step.",
            "I had to type my address again from the start.",
        ),
        "mix": ("payment page hang 咗三次。", "check out 先話要加運費,好 annoying。"),
    },
    "delivery_booking": {
        "zh": (
            "預約送貨最快也要{days}天後,太慢。",
            "只可以選全日時段,要請假等送貨。",
            "改送貨日期要打幾次電話才找到人。",
            "系統確認了日期,第二天又說要更改。",
        ),
        "yue": (
            "最快都要等{days}日先有得送,癲㗎?",
            "book唔到夜晚時段,返工一族點收貨呀。",
            "改個送貨日期打咗{minutes}分鐘電話都冇人聽。",
            "約好咗{item}星期六送,之後又話要改期。",
        ),
        "en": (
            "The first delivery slot was {days} days away.",
            "No evening slots, I had to take a day off for the {item}.",
            "It took {minutes} minutes on the phone to change the date.",
        ),
        "mix": ("book delivery 要等 {days} 日,太耐。", "time slot 得全日,冇得揀 evening。"),
    },
    "delivery": {
        "zh": (
            "送貨遲了{days}天,沒有人通知。",
            "{item}送到時已有刮花。",
            "送貨員放下就走,沒有把{item}搬進屋。",
            "送來的貨缺少{pieces}件配件。",
        ),
        "yue": (
            "話好朝早送,等到夜晚先嚟,一個電話都冇。",
            "個{item}送到嚟花咗,要等{days}日先有得換。",
            "遲咗{days}日先送到,打去問又冇人知。",
            "送少咗{pieces}件,師傅話唔關佢事。",
            "搬入𨋢嗰陣撞花咗個{item}。",
        ),
        "en": (
            "Delivery of the {item} was {days} days late and nobody told me.",
            "The {item} arrived scratched.",
            "{pieces} boxes were missing from the delivery.",
        ),
        "mix": ("delivery late 咗 {days} 日,冇人 inform 我。", "個 {item} 送到嚟 scratched 晒。"),
    },
    "assembly": {
        "zh": (
            "安裝師傅遲到{minutes}分鐘,完工後沒有清理。",
            "{item}欠{pieces}粒螺絲,要再約一次。",
            "櫃門裝得不平。",
        ),
        "yue": (
            "師傅話爭{pieces}粒螺絲,要再約過,等多{days}日。",
            "裝完{item}一地紙皮垃圾都唔執。",
            "道櫃門裝到歪晒,閂唔埋。",
        ),
        "en": (
            "{pieces} screws missing, so the {item} is still in pieces.",
            "The fitters left all the cardboard behind.",
            "The door of the {item} does not close properly.",
        ),
        "mix": ("爭 {pieces} 粒 screw,師傅話要再 book。", "裝完個 {item} 唔 level。"),
    },
    "aftersales_service": {
        "zh": (
            "報修{days}天仍未有人跟進。",
            "補寄{item}零件等了{days}天。",
            "每次致電都要重新解釋一次,沒有紀錄。",
            "退款要等{days}天,職員互相推卸。",
        ),
        "yue": (
            "爭件零件,等咗{days}日都未寄到。",
            "打去售後等咗{minutes}分鐘先有人聽,又要由頭講過。",
            "個{item}壞咗,佢哋淨係識叫我影相,之後冇下文。",
            "退款拖咗{days}日,個個都話唔關佢部門事。",
        ),
        "en": (
            "Still waiting for the missing part after {days} days.",
            "Every call I have to tell the whole story again.",
            "The refund for the {item} took {days} days.",
        ),
        "mix": (
            "after-sales 等咗 {days} 日都冇人 follow up。",
            "refund 好慢,email 極都冇 reply。",
        ),
    },
    "loyalty_app": {
        "zh": (
            "積分沒有自動入帳,要自己追。",
            "應用程式經常登出,很不方便。",
            "積分可換的禮品太少。",
        ),
        "yue": (
            "個app成日彈走,睇唔到啲分。",
            "買咗個{item}啲分冇入到,要自己追。",
            "儲極分都換唔到嘢。",
        ),
        "en": (
            "Points for my {item} were never added.",
            "The app keeps logging me out.",
            "Very few rewards worth having.",
        ),
        "mix": ("個 app 成日 hang 機。", "point 冇入到 account,要自己 chase。"),
    },
    "referral_review": {
        "zh": (
            "推薦碼朋友用不到,沒有人處理。",
            "寫了評價沒有收到承諾的優惠券。",
            "推薦的條款太複雜。",
        ),
        "yue": (
            "個推薦碼畀朋友用話invalid。",
            "寫完review話有coupon,等到而家都冇。",
            "啲條款又長又難明。",
        ),
        "en": (
            "My friend could not use the referral code.",
            "The coupon for my review never came.",
            "The terms of the referral are hard to follow.",
        ),
        "mix": ("個 referral code 用唔到。", "話寫 review 有 coupon,一直 pending。"),
    },
}

COMPLAINT_THEMES: Final[dict[str, tuple[str, ...]]] = {
    "enquiry_chat": ("reply_wait", "full_answer"),
    "delivery_booking": ("delivery_slots",),
    "aftersales_service": ("follow_up", "damage_parts"),
}
"""What the complaints at the planted pain points are about, by who wrote them: the first theme is
that of most phrases there, any second one that of the next most. Themes of the base list."""
