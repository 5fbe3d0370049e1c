"""Does Home show each reader what they may see, and does what is changed there hold at once?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.bot.at_home import GENERAL, GUEST, HOME, PARTNERS, SATO, SUZUKI, TANAKA, House, option, options, running

pytestmark = pytest.mark.usefixtures("logging_as_before")


@pytest.fixture(autouse=True)
def _quick_ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.schedule.EVERY_SECONDS", 1)
    monkeypatch.setattr("bot.schedule.JITTER_SECONDS", 0)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One bot for all tests that need nothing set; what each chooses is forgotten before the next."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bot.schedule.EVERY_SECONDS", 1)
        patch.setattr("bot.schedule.JITTER_SECONDS", 0)
        with running(tmp_path_factory.mktemp("home")) as found:
            yield found


@pytest.fixture
def house(shared: House) -> House:
    shared.fresh()
    return shared


def last_blocks(house: House, channel: str = HOME, user: str = SUZUKI) -> str:
    return json.dumps(house.slack.ephemerals(channel, user)[-1].blocks, ensure_ascii=False)


# --- who sees what ------------------------------------------------------------------------


def test_an_admin_sees_figures_deliveries_settings_and_digests(house: House) -> None:
    house.until(lambda: len(house.slack.messages(HOME)) > 0)
    shown = house.home(SATO)
    for said in (
        "30日以内リピート率",
        "最近の配信",
        "✅ 定刻",
        "自分用のダイジェスト",
        "お店の設定",
        "朝のダイジェスト",
    ):
        assert said in shown
    assert f"<#{HOME}>" in shown


def test_who_is_not_listed_is_told_whom_to_ask_and_sees_no_figure(house: House) -> None:
    shown = house.home(SUZUKI)
    assert f"<@{SATO}> に頼んで" in shown
    assert "リピート率" not in shown
    assert "お店の設定" not in shown
    assert "言語" in shown


def test_a_guest_sees_nothing_and_is_answered_nowhere(house: House) -> None:
    assert "リピート率" not in house.home(GUEST)
    assert house.asked("リピート", GUEST).startswith("確認してください：ゲストの方")
    assert ("denied", GUEST, "guest_refused") in house.audited()


def test_a_listed_person_sees_figures_but_may_change_no_settings(tmp_path: Path) -> None:
    with running(tmp_path, ASAKAI_SLACK__ALLOWED_USERS=SUZUKI) as house:
        shown = house.home(SUZUKI)
        assert "30日以内リピート率" in shown
        assert "自分用のダイジェスト" in shown
        assert "お店の設定" not in shown


def test_a_forged_press_changes_nothing_and_is_written_down(house: House) -> None:
    """An old Home may still show a button that its reader has lost."""
    house.home(SATO)
    admins = house.slack.home(SATO)
    house.home(SUZUKI)
    mine = house.slack.home(SUZUKI)
    assert admins is not None
    assert mine is not None
    mine.body["blocks"].extend(block for block in admins.body["blocks"] if block["type"] == "actions")
    shown = house.pressed("home:digest:pause", "daily", SUZUKI)
    assert "設定を変えられるのは管理者だけです" in shown
    assert "停止中" not in house.home(SATO)
    assert ("denied", SUZUKI, "admins_only") in house.audited()


def test_members_of_a_user_group_are_listed(tmp_path: Path) -> None:
    with running(tmp_path, ASAKAI_SLACK__ADMINS="", ASAKAI_SLACK__ALLOWED_GROUPS="S0MARKET01") as house:
        assert "30日以内リピート率" in house.home(SUZUKI)
        assert "リピート率" not in house.home(TANAKA)


def test_the_workspace_s_admins_count_only_where_the_shop_wants_it(tmp_path: Path) -> None:
    with running(tmp_path, ASAKAI_SLACK__ADMINS="") as house:
        assert "お店の設定" not in house.home(SATO)
    with running(tmp_path, ASAKAI_SLACK__ADMINS="", ASAKAI_SLACK__WORKSPACE_ADMINS="true") as house:
        assert "お店の設定" in house.home(SATO)
        assert "お店の設定" not in house.home(SUZUKI)


def test_a_channel_shared_with_another_company_gets_nothing(tmp_path: Path) -> None:
    with running(tmp_path, ASAKAI_SLACK__ALLOWED_CHANNELS=PARTNERS) as house:
        assert house.asked("リピート", SUZUKI, PARTNERS).startswith("確認してください：社外の方がいる")


# --- settings -----------------------------------------------------------------------------


def test_a_target_changed_in_home_holds_in_the_next_answer_and_is_written_down(house: House) -> None:
    house.asked("定義 目標")
    assert "いまの目標は20%" in last_blocks(house)
    house.home(SATO)
    form = house.form("home:settings")
    wrong = house.sent(form, target={"type": "number_input", "value": "0"})
    assert wrong["errors"] == {"target": "0より大きく100より小さい数字を入力してください。例：20"}
    shown = house.saved(form, target={"type": "number_input", "value": "35"})
    assert "設定を1件変更しました" in shown
    assert "目標：35%" in shown
    assert f"最終変更：<@{SATO}>（11月20日(金) 08:31）" in shown
    house.asked("定義 目標")
    assert "いまの目標は35%" in last_blocks(house)
    assert ("setting", SATO, "target") in house.audited()


def test_a_form_that_was_overtaken_is_not_saved(house: House) -> None:
    house.home(SATO)
    first, second = house.form("home:settings"), house.form("home:settings")
    house.saved(first, target={"type": "number_input", "value": "35"})
    late = house.sent(second, target={"type": "number_input", "value": "10"})
    assert "ほかの人が変更しました" in late["errors"]["target"]


def test_choices_outlive_the_process_and_the_file_s_own_value_ends_them(tmp_path: Path) -> None:
    with running(tmp_path) as house:
        house.home(SATO)
        house.saved(house.form("home:settings"), target={"type": "number_input", "value": "35"})
    with running(tmp_path) as house:
        assert "目標：35%" in house.home(SATO)
        house.saved(house.form("home:settings"), target={"type": "number_input", "value": "20"})
    with running(tmp_path, ASAKAI_TARGET="0.25") as house:
        assert "目標：25%" in house.home(SATO)


def test_a_person_let_in_through_home_sees_figures_at_once(house: House) -> None:
    house.home(SATO)
    listed = {"type": "multi_users_select", "selected_users": [SUZUKI]}
    assert f"<@{SUZUKI}>" in house.saved(house.form("home:settings"), people=listed)
    assert "30日以内リピート率" in house.home(SUZUKI)


# --- digests ------------------------------------------------------------------------------


def test_a_digest_of_one_s_own_is_sent_by_direct_message_with_its_filter_and_language(tmp_path: Path) -> None:
    with running(tmp_path, ASAKAI_SLACK__ALLOWED_USERS=SUZUKI) as house:
        house.home(SUZUKI)
        form = house.form("home:own:new", user=SUZUKI)
        shown = house.saved(
            form,
            SUZUKI,
            at={"type": "timepicker", "selected_time": "08:00"},
            segments=options("channel=LINE"),
            language=option("en"),
        )
        assert "「自分用」を保存しました" in shown
        assert "営業日 08:00 ｜ 英語 ｜ 絞り込み：チャネル＝LINE" in shown
        direct = house.slack.workspace.direct_message(SUZUKI).id
        house.until(lambda: bool(house.slack.messages(direct)))
        assert house.slack.messages(direct)[0].text.endswith(", LINE only")
        assert len(house.slack.messages(HOME)) == 1
        assert "自分用" not in house.home(SATO).replace("自分用のダイジェスト", ""), "it is nobody else's business"


def test_a_second_digest_to_the_same_channel_is_a_second_message(house: House) -> None:
    house.until(lambda: len(house.slack.messages(HOME)) > 0)
    before = len(house.slack.messages(HOME))
    house.home(SATO)
    form = house.form("home:digest:new")
    empty = house.sent(form)
    assert set(empty["errors"]) == {"title", "channels"}
    shown = house.saved(
        form,
        title={"type": "plain_text_input", "value": "LINEのお客様"},
        channels={"type": "multi_conversations_select", "selected_conversations": [HOME]},
        at={"type": "timepicker", "selected_time": "08:00"},
        segments=options("channel=LINE"),
    )
    assert "LINEのお客様" in shown
    house.until(lambda: len(house.slack.messages(HOME)) == before + 1)
    assert house.slack.messages(HOME)[-1].text.endswith("・LINEのみ")


def test_two_values_of_one_segment_and_no_weekday_are_named(house: House) -> None:
    house.home(SATO)
    form = house.form("home:digest:edit", "daily")
    wrong = house.sent(form, segments=options("channel=LINE", "channel=楽天"), days=option("weekly"))
    assert wrong["errors"] == {
        "segments": "同じ切り口から2つは選べません。1つにしてください。",
        "weekdays": "曜日を1つ以上選んでください。",
    }


def test_the_main_digest_is_changed_paused_resumed_and_deleted(house: House) -> None:
    house.home(SATO)
    form = house.form("home:digest:edit", "daily")
    weekdays = {"type": "checkboxes", "selected_options": [{"value": "mon"}, {"value": "thu"}]}
    assert "月曜・木曜 08:30" in house.saved(form, days=option("weekly"), weekdays=weekdays)
    assert "停止中" in house.pressed("home:digest:pause", "daily")
    assert "停止中" not in house.pressed("home:digest:resume", "daily")
    shown = house.pressed("home:digest:delete", "daily")
    assert "「朝のダイジェスト」を削除しました" in shown
    assert "月曜・木曜" not in shown
    assert [kind for kind, *_ in house.audited()].count("digest") == 4


def test_where_the_bot_is_not_yet_an_admin_is_told_to_invite_it(house: House) -> None:
    house.home(SATO)
    wanted = {"type": "multi_conversations_select", "selected_conversations": [GENERAL]}
    shown = house.saved(house.form("home:digest:edit", "daily"), channels=wanted)
    assert f"ボットがまだいないチャンネルがあります：<#{GENERAL}>" in shown
    assert "「朝のダイジェスト」を保存しました" in shown


def test_no_digest_goes_to_a_channel_that_another_company_reads(house: House) -> None:
    house.home(SATO)
    wanted = {"type": "multi_conversations_select", "selected_conversations": [PARTNERS]}
    shown = house.saved(house.form("home:digest:edit", "daily"), channels=wanted)
    assert "社外の方がいるチャンネルには数字を送れません" in shown
    assert PARTNERS not in shown


# --- language -----------------------------------------------------------------------------


def test_each_reader_chooses_the_language_of_answers_in_words(house: House) -> None:
    assert "これからは" not in house.asked("言語")
    assert house.asked("言語 英語") == "From now on you are answered in English"
    assert "repeat rate" in house.asked("repeat")
    assert "リピート率" in house.asked("リピート", SATO)
    assert house.asked("Language　ＪＡ") == "これからは日本語でお答えします"
    assert "日本語か英語" in house.asked("言語 フランス語")


def test_an_admin_chooses_a_channel_s_language_and_readers_keep_their_own(house: House) -> None:
    assert "管理者だけ" in house.asked("言語 チャンネル 英語", SUZUKI)
    house.asked("言語 日本語", SUZUKI)
    assert house.asked("language channel en", SATO) == "Posts and answers in this channel are in English from now on"
    assert "repeat rate" in house.asked("repeat", SATO)
    assert "リピート率" in house.asked("repeat", SUZUKI)


def test_whose_slack_is_in_english_is_offered_english_until_they_choose(house: House) -> None:
    assert "You can be answered in English, too." in house.home(TANAKA)
    assert "You can be answered" not in house.home(SUZUKI)
    assert "You can be answered" not in house.pressed("home:language", "en", TANAKA)


def test_each_reader_chooses_the_language_in_home(house: House) -> None:
    house.home(SATO)
    shown = house.pressed("home:language", "en")
    assert "Recent deliveries" in shown
    assert "最近の配信" not in shown
    assert "設定を変更" in house.pressed("home:language", "ja")


# --- quotas -------------------------------------------------------------------------------


def test_who_asks_too_much_is_told_when_there_are_answers_again(tmp_path: Path) -> None:
    with running(tmp_path, ASAKAI_QUOTAS__QUESTIONS_PER_MINUTE="2", ASAKAI_QUOTAS__QUESTIONS_PER_DAY="3") as house:
        house.asked("リピート")
        house.asked("間隔")
        assert "1分に2回まで" in house.asked("休眠")
        assert "リピート率" in house.asked("リピート", SATO), "each for themselves"


def test_a_list_of_customers_is_written_down_and_limited(tmp_path: Path) -> None:
    with running(tmp_path, ASAKAI_CUSTOMERS__ALLOWED_USERS=SUZUKI, ASAKAI_QUOTAS__EXPORTS_PER_DAY="1") as house:
        assert "休眠予備" in house.asked("休眠 リスト")
        assert "1日1回まで" in house.asked("休眠 リスト")
        assert ("customers", SUZUKI, "about_to_go_dormant") in house.audited()
