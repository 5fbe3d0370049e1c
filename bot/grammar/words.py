"""Which words may be typed for what, in Japanese and in English?

Every word is matched after folding (NFKC, lower case), so only one writing of
each is listed. A new noun is one line in NOUNS and one in `subcommands`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

NOUNS: Final[Mapping[str, tuple[str, ...]]] = {
    "panel": ("パネル", "panel", "メニュー", "menu", "概要", "overview", "summary", "まとめ", "今日の数字",
              "朝会", "kpi"),
    "repeat": ("リピート率", "repeat", "リピート", "りぴーと", "りぴーと率", "repeat rate", "repeatrate", "repeats",
               "f2", "f2転換率", "f2転換", "f2率", "30日以内リピート率", "初回リピート率", "再購入率", "再購入",
               "first repeat", "first repeat rate", "retention", "retention rate", "repurchase", "repurchase rate"),
    "gap": ("間隔", "gap", "初回リピート間隔", "リピート間隔", "購入間隔", "日数", "中央値", "gaps", "interval",
            "intervals", "days to repeat", "time to repeat", "time between", "median gap", "median"),
    "dormant": ("休眠", "dormant", "休眠予備", "休眠客", "休眠顧客", "休眠予備軍", "休眠率", "離脱", "きゅうみん",
                "pre dormant", "predormant", "dormancy", "dormants", "lapsed", "lapsing", "inactive",
                "about to go dormant", "going dormant", "at risk", "idle"),
    "nps": ("NPS", "推奨度", "おすすめ度", "ネットプロモータースコア", "推奨者", "批判者",
            "net promoter score", "promoters", "detractors", "recommendation"),
    "cpo": ("CPO", "獲得単価", "獲得費用", "CPA", "顧客獲得単価", "広告費", "LTV", "回収", "投資回収", "ペイバック",
            "CAC", "cost per order", "acquisition cost", "ad spend", "payback", "lifetime value"),
    "continuation": ("定期継続", "continuation", "定期継続率", "継続率", "解約率", "解約", "継続", "churn",
                     "churn rate", "subscription churn", "subscription continuation"),
    "measure": ("施策", "measure", "施策の効果", "施策効果", "施策別", "キャンペーン", "販促", "販促効果", "対照群",
                "measures", "campaign", "campaigns", "promotion", "promotions", "hold out", "hold-out", "holdout",
                "uplift", "lift"),
    "reactivation": ("掘り起こし", "reactivation", "休眠掘り起こし", "休眠 掘り起こし", "休眠の掘り起こし", "掘起こし",
                     "復帰", "休眠復帰", "休眠からの復帰", "カムバック", "reactivated", "reactivations", "win back",
                     "winback", "win-back", "came back"),
    "ladder": ("商品ステップ", "ladder", "ステップ", "引上げ", "引き上げ", "引上げ率", "引き上げ率", "引上率",
               "商品の引上げ", "ミドル引上げ", "フロントからミドル", "F→M→B", "アップセル", "クロスセル",
               "product ladder", "product steps", "upsell", "cross sell", "cross-sell"),
    "list": ("一覧", "list", "リスト", "名簿", "休眠予備一覧", "休眠一覧", "休眠リスト", "休眠予備リスト",
             "候補", "candidates", "dormant list", "list dormant", "customer list"),
    "why": ("なぜ動いたか", "why", "なぜ", "なんで", "理由", "要因", "原因", "動いた理由", "変化の理由", "reason",
            "reasons", "drivers", "what changed", "why did it move", "why it moved"),
    "segment": ("セグメント", "segment", "セグメント別", "内訳", "segments", "breakdown", "drill down",
                "drilldown", "by segment"),
    "digest": ("ダイジェスト", "digest", "朝の数字", "投稿済み", "digests", "morning message"),
    "recompute": ("再計算", "recompute", "--recompute", "数え直し", "recomputed"),
    "status": ("状態", "status", "稼働状況", "ステータス", "配信状況", "deliveries", "health"),
    "rules": ("ルール", "rules", "アラート", "お知らせ", "通知", "警告", "ルール一覧", "お知らせルール", "alert",
              "alerts", "rule", "alert rules"),
    "help": ("ヘルプ", "help", "使い方", "使いかた", "つかいかた", "?", "usage", "commands", "コマンド",
             "how to"),
    "definition": ("定義", "definition", "define", "definitions", "意味", "用語", "meaning", "what is", "とは",
                   "って何", "calculation", "計算方法", "計算式"),
}  # fmt: skip
"""Noun -> its words; the first one is written in Japanese, the first English one in English."""

TAKES_A_TOPIC: Final = frozenset({"help", "definition"})

DIMENSION_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "channel": ("チャネル", "channel", "チャンネル", "経路", "流入経路", "流入元", "媒体", "初回チャネル", "channels",
                "first channel", "source", "sources", "medium"),
    "region": ("地域", "region", "エリア", "都道府県", "県", "地方", "国", "regions", "area", "prefecture", "state",
               "country", "countries"),
    "product": ("商品", "product", "初回商品", "製品", "品目", "アイテム", "products", "first product", "item",
                "items", "sku"),
    "product_role": ("商品の役割", "product role", "商品役割", "役割", "初回商品の役割", "商品ロール", "商品区分",
                     "product roles", "role", "roles", "first product role"),
    "purchase_count": ("購入回数", "purchase count", "回数", "購買回数", "注文回数", "purchases", "purchase counts",
                       "number of purchases", "order count", "orders"),
    "cohort_month": ("初回月", "cohort month", "初回購入月", "獲得月", "コホート", "月", "月次", "cohort",
                     "cohorts", "month", "months"),
    "entry": ("入口", "entry", "定期・単品", "定期単品", "単品定期", "初回種別", "入り口", "entries", "entry type"),
}  # fmt: skip

LABEL_WORDS: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "entry": {
        "subscription": ("定期", "定期購入", "定期初回", "サブスク", "subscriptions", "subscriber", "subscribers"),
        "one_off": ("単品", "都度", "都度購入", "単発", "one off", "one-off", "oneoff", "single"),
    },
    "product_role": {
        "front": ("フロント", "フロント商品", "フロントエンド", "入口商品", "front product", "front end", "front-end"),
        "middle": ("ミドル", "ミドル商品", "ミドルエンド", "本商品", "middle product", "middle end"),
        "back": ("バック", "バック商品", "バックエンド", "バックエンド商品", "back product", "back end", "back-end"),
    },
    "purchase_count": {
        "1": ("1回", "初回のみ", "1回目", "once"),
        "2": ("2回", "2回目", "twice"),
        "3-4": ("3-4回", "3~4", "3~4回", "3", "4", "3回", "4回"),
        "5-9": ("5-9回", "5~9", "5~9回", "5", "6", "7", "8", "9"),
        "10+": ("10回以上", "10", "10以上", "10回"),
    },
}
"""Dimension -> label -> other words for it."""

UNKNOWN_LABEL_WORDS: Final = ("不明", "unknown", "未設定", "なし", "none", "(不明)", "(unknown)")

TOPIC_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "provisional": ("速報値", "速報", "provisional rate"),
    "confirmed": ("確定値", "確定", "confirmed rate"),
    "interval": (
        "誤差の幅",
        "誤差",
        "信頼区間",
        "95%信頼区間",
        "95%区間",
        "区間",
        "95% interval",
        "margin of error",
        "wilson",
        "confidence interval",
    ),
    "purchase": ("購入", "注文", "purchases rule"),
    "first_purchase": ("初回購入", "初回", "first purchase"),
    "target": ("目標", "目標値", "threshold"),
    "return_chance": ("復帰率", "復帰確率", "return chance", "chance of return"),
}
"""What may be looked up though it is neither a subcommand nor a dimension."""

COMPARE_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "any": ("比較", "compare", "比べる", "比べて", "比較して", "対比", "対", "compared", "compared to", "compared with",
            "compare to", "compare with", "versus", "vs", "vs.", "against"),
    "before": ("前の期間", "previous period", "前期間", "前期間比", "前期比", "the previous period", "period before"),
    "week": ("先週比", "week over week", "前週比", "先週の同じ曜日", "同じ曜日", "same weekday", "wow",
             "same weekday last week", "the same weekday last week", "vs last week", "compare last week",
             "compared to last week", "compared with last week", "先週と比較", "前週と比較", "先週と比べて"),
}  # fmt: skip
"""With what an answer is compared: what else is named, else the period before; or the same weekday last week."""

HANDOUT_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "share": ("共有", "share", "共有する", "シェア", "みんなに見せる", "post"),
    "csv": ("CSV", "csv", "csv file"),
    "xlsx": ("Excel", "xlsx", "エクセル", "excel file", "spreadsheet", "スプレッドシート"),
}
"""How an answer is handed on: to the channel, or as a file to the one who asks."""

NEXT_WORDS: Final = ("続き", "more", "つづき", "次のページ", "next page")
"""The next rows of a long table; with a number (続き3, page 3) that page of it."""

AS_OF_KEYS: Final = ("時点", "asof", "as_of")
"""時点:2026-11-20: the answer of the morning after that day."""

BY_BEFORE: Final = ("by ", "per ", "each ", "by the ", "split by ", "grouped by ")
BY_AFTER: Final = ("別", "ごと", "毎", "別に", "ごとに", "毎に", "別の", " 別", " ごと", "単位", "wise")

FILLERS: Final = frozenset((
    "の", "を", "は", "が", "で", "と", "に", "も", "って", "から", "まで", "における", "について", "教えて",
    "おしえて", "見せて", "みせて", "見たい", "知りたい", "ください", "下さい", "お願い", "お願いします",
    "です", "ですか", "何", "表示", "出して", "の推移", "推移", "期間", "別", "show", "me", "the", "of", "for",
    "in", "on", "a", "an", "and", "please", "give", "get", "only", "during", "over", "with", "as", "at", "from",
    "to", "is", "are", "by", "per", "what", "/kpi", "trend", ",", "、", "。", ".", "!", "-", "~", ":", "=",
))  # fmt: skip
"""Words that change nothing."""

PERIOD_KEYS: Final = ("期間", "period", "date", "日付", "when")
