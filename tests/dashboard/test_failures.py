"""A destination that fails: retries, the dead letter, and every way to send again."""

import pytest
from playwright.sync_api import expect

from qstash_integrations import Receiver, SignatureError
from tests.dashboard.desk import Desk
from tests.dashboard.receiver import received

pytestmark = pytest.mark.system


def test_a_failing_message_is_followed_to_the_dead_letters_and_back(desk: Desk) -> None:
    page = desk.page
    desk.there.say(503, b'{"error": "busy"}', "Set-Cookie: sid=TOPSECRET\r\n")
    message_id = desk.publish("/ship", Retries="2", Retry_Delay="700")
    desk.open(f"messages/{message_id}")
    expect(page.locator("h1 .badge")).to_have_text("Failed")
    expect(page.locator(".timeline > .error")).to_have_count(3)
    expect(page.locator(".timeline > .retrying")).to_have_count(2)
    expect(page.locator(".timeline > li").last).to_contain_text("Failed for good")
    page.reload()
    answer = page.locator(".timeline > .error").last
    expect(answer.locator("pre")).to_have_text('{\n  "error": "busy"\n}')
    expect(answer).not_to_contain_text("TOPSECRET")
    expect(page.locator(".timeline details")).to_have_count(3)
    expect(page.locator(".timeline details[open]")).to_have_count(1)
    desk.button("Show Set-Cookie", answer).click()
    expect(answer).to_contain_text("sid=TOPSECRET")

    desk.there.say(200, b"ok")
    page.get_by_role("link", name="Dead letters").click()
    row = page.locator("tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("/ship")
    expect(row).to_contain_text("503")
    desk.button("Retry now", row).click()
    expect(page.get_by_text("No dead letters.")).to_be_visible()
    assert [request.header("Upstash-Retried") for request in received(desk.there, 4)] == ["0", "1", "2", "0"]
    page.get_by_role("link", name="Messages", exact=True).click()
    expect(page.locator("tbody tr").first).to_contain_text("Delivered")
    expect(desk.row(message_id)).to_contain_text("2 of 2")


def test_dead_letters_are_deleted_and_retried_together(desk: Desk) -> None:
    page = desk.page
    desk.there.say(500)
    for number in range(4):
        desk.publish(f"/{number}", Retries="0")
    desk.open("dead-letters")
    expect(page.locator("tbody tr")).to_have_count(4)
    page.get_by_label(f"Choose {desk.there.url}/0").check()
    page.get_by_label(f"Choose {desk.there.url}/2").check()
    desk.button("Delete 2").click()
    desk.confirm("Delete")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody")).not_to_contain_text("/2")

    page.get_by_label("Choose all on this page").check()
    expect(desk.button("Retry 2")).to_be_visible()
    page.get_by_label("Choose all on this page").uncheck()
    desk.there.say(200)
    desk.button("Retry all").click()
    desk.confirm("Cancel")
    expect(page.locator("tbody tr")).to_have_count(2)
    desk.button("Retry all").click()
    desk.confirm("Retry all")
    expect(page.get_by_text("No dead letters.")).to_be_visible()
    assert {request.target for request in received(desk.there, 6)[4:]} == {"/1", "/3"}


def test_no_answer_is_said_in_words(desk: Desk) -> None:
    answer = desk.api.post("/v2/publish/http://nowhere.invalid/", headers={"Upstash-Retries": "0"})
    desk.open(f"messages/{answer.json()['messageId']}")
    attempt = desk.page.locator(".timeline > .error")
    expect(attempt).to_contain_text("no answer")
    expect(attempt).to_contain_text("the host nowhere.invalid was not found")


def test_a_message_is_replayed(desk: Desk) -> None:
    message_id = desk.publish("/ship", b"hi")
    desk.there.next()
    desk.open(f"messages/{message_id}")
    desk.button("Replay").click()
    again = desk.there.next()
    assert (again.target, again.body) == ("/ship", b"hi")
    new_id = again.header("Upstash-Message-Id")
    assert new_id is not None
    desk.page.wait_for_url(f"**/#/messages/{new_id}")
    expect(desk.page.locator(".crumbs")).to_contain_text(new_id)


@pytest.mark.parametrize("flaw", ["wrong_key", "expired", "url_mismatch", "body_mismatch"])
def test_a_broken_signature_shows_ones_own_401(desk: Desk, flaw: str) -> None:
    message_id = desk.publish("/ship", b"hi")
    desk.there.next()
    desk.there.say(401, b'{"error":"invalid signature"}')
    desk.open(f"messages/{message_id}")
    desk.page.get_by_label("What is wrong with the signature").select_option(flaw)
    desk.button("Send with a broken signature").click()

    sent = desk.there.next()
    keys = desk.server.keys
    app = Receiver(current_signing_key=keys.current, next_signing_key=keys.next, allow_dev_keys=True)
    with pytest.raises(SignatureError) as refused:
        app.verify(signature=sent.header("Upstash-Signature"), body=sent.body, url=f"{desk.there.url}/ship")
    assert refused.value.reason == flaw
    expect(desk.page.locator(".timeline > .error")).to_contain_text("401")
    expect(desk.page.locator(".timeline > li").last).to_contain_text("Failed for good")


def test_a_waiting_message_is_canceled(desk: Desk) -> None:
    message_id = desk.publish(Delay="1h")
    desk.open(f"messages/{message_id}")
    expect(desk.page.locator("h1 .badge")).to_have_text("Waiting")
    desk.button("Cancel").click()
    desk.confirm("Cancel message")
    expect(desk.page.locator("h1 .badge")).to_have_text("Canceled")
    expect(desk.button("Cancel")).to_have_count(0)


def test_the_claims_of_the_signature_are_read_out(desk: Desk) -> None:
    message_id = desk.publish("/ship?x=1", Delay="1h")
    desk.open(f"messages/{message_id}")
    claims = desk.page.get_by_role("table", name="Claims")
    expect(claims.get_by_role("row").filter(has_text="sub")).to_contain_text(f"{desk.there.url}/ship?x=1")
    expect(claims.get_by_role("row").filter(has_text="iss")).to_contain_text("Upstash")
    expect(desk.page.get_by_role("main")).not_to_contain_text("eyJ")
