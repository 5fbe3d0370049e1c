"""What does a browser get from the local Slack, and what may a page from elsewhere?"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from bot.language import Language
from bot.local_slack import LocalSlack
from bot.local_slack.web import document, languages, whole, words


@pytest.fixture(scope="module")
def slack() -> Iterator[LocalSlack]:
    with LocalSlack() as running:
        yield running


def test_the_address_shows_the_page_in_the_language_asked_for(slack: LocalSlack) -> None:
    for asked, language in (("/?lang=en", "en"), ("/", "ja"), ("/?lang=xx", "ja")):
        with urlopen(slack.url + asked) as answer:
            html = answer.read().decode()
            assert "default-src 'none'" in answer.headers["content-security-policy"]
        given = json.loads(re.search(r'id="given">(.*?)</script>', html)[1])
        assert given["language"] == language
        assert given["words"]["en"]["send"] == "Send"
    for path, kind in (("/page.js", "text/javascript"), ("/page.css", "text/css")):
        with urlopen(slack.url + path) as answer:
            assert answer.headers["content-type"].startswith(kind)
            assert answer.read()


def test_a_name_that_only_leads_here_is_refused(slack: LocalSlack) -> None:
    with pytest.raises(HTTPError) as refused:
        urlopen(Request(slack.url, headers={"Host": "slack.example"}))
    with refused.value:
        assert refused.value.code == 403


def test_the_page_speaks_every_language_of_the_house() -> None:
    assert languages() == ["ja", "en"]
    assert set(words()["ja"]) == set(words()["en"])
    assert words()["ja"]["send"] == Language.of("ja").say("local_slack.send")


def test_what_a_message_says_cannot_leave_its_place() -> None:
    evil = {"preview": {"title": "</script><script>alert(1)</script><!--", "messages": []}}
    html = document(evil)
    assert "alert(1)</script>" not in html
    assert json.loads(re.search(r'id="given">(.*?)</script>', html)[1]) == evil


def test_the_whole_page_is_one_file() -> None:
    html = whole({"language": "ja", "words": {}})
    assert 'src="page.js"' not in html
    assert 'href="page.css"' not in html
    assert html.count("</script>") == 2
    assert html.count("</style>") == 1
