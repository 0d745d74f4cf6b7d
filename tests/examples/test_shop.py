"""The shop as it is deployed: gunicorn beside `qstash-integrations dev`, a mail server, and a customer."""

import re
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.examples.composed import TOKEN, Composed
from tests.waiting import PATIENCE, wait_until

if TYPE_CHECKING:
    from playwright.sync_api import Browser

pytestmark = pytest.mark.system

# Other tests order as well.
REPORT = r"[1-9] orders since yesterday, for \d+\.\d\d euros\. 0 are stuck\."


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Generator[Composed]:
    composed = Composed(tmp_path_factory.mktemp("shop"))
    composed.build()
    with composed.running("qstash"):
        composed.run("release")
        with composed.running("shop"):
            yield composed


@pytest.fixture
def customer(shop: Composed) -> Generator[httpx.Client]:
    with httpx.Client(base_url=shop.app, trust_env=False, follow_redirects=True, timeout=PATIENCE) as customer:
        yield customer


def test_an_order_comes_to_its_parcel_its_mails_and_the_report(shop: Composed, customer: httpx.Client) -> None:
    with shop.running("mail"):
        order = place(customer, "teapot", 2)
        wait_until(lambda: "Packed" in customer.get(order).text, otherwise=lambda: shop.log("shop"))
        wait_for_mail(shop, f"http://127.0.0.1:8000{order}")
        wait_for_mail(shop, "Your parcel is TD-")

        asked(shop, "POST", "/_local/schedules/shop.production.nightly-report/run")
        wait_for_mail(shop, REPORT)


def test_a_mailer_that_is_down_delays_the_confirmation_alone(shop: Composed, customer: httpx.Client) -> None:
    order = place(customer, "cups", 1)
    wait_until(lambda: "Packed" in customer.get(order).text, otherwise=lambda: shop.log("shop"))
    page = customer.get(order).text
    assert "Confirmation</b> on its way" in page
    wait_until(lambda: bool(failed(shop)), otherwise=lambda: shop.log("shop"))
    with shop.running("mail"):
        wait_until(lambda: "Confirmed" in deliver_now(shop, customer, order), otherwise=lambda: shop.log("shop"))
        wait_for_mail(shop, f"http://127.0.0.1:8000{order}")


def test_the_page_of_an_order_fills_in_by_itself(shop: Composed, browser: "Browser") -> None:
    page = browser.new_page(viewport={"width": 390, "height": 780})
    page.goto(f"{shop.app}/products/teapot")
    page.get_by_label("E-mail").fill("ada@example.com")
    page.get_by_role("button", name="Order").click()
    page.get_by_text("Packed as parcel TD-").wait_for()
    page.get_by_text("Confirmation on its way").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    wait_until(lambda: bool(failed(shop)), otherwise=lambda: shop.log("shop"))
    with shop.running("mail"):
        for message_id in failed(shop):
            asked(shop, "POST", f"/_local/messages/{message_id}/deliver")
        page.get_by_text("Confirmed by mail to ada@example.com").wait_for()


def test_its_pages_have_their_styles(customer: httpx.Client) -> None:
    for page in ("/", "/admin/login/"):
        (style, *_) = re.findall(r'<link rel="stylesheet" href="([^"]+)"', customer.get(page).text)
        answer = customer.get(style)
        assert (answer.status_code, answer.headers["content-type"]) == (200, 'text/css; charset="utf-8"')


def place(customer: httpx.Client, product: str, quantity: int) -> str:
    """The path of the order's page, on which the form ends."""
    form = customer.get(f"/products/{product}").text
    (token,) = re.findall(r'name="csrfmiddlewaretoken" value="(\w+)"', form)
    answer = customer.post(
        f"/products/{product}",
        data={"csrfmiddlewaretoken": token, "email": "ada@example.com", "quantity": str(quantity)},
    )
    assert (answer.status_code, "Your order" in answer.text) == (200, True), answer.text
    return answer.url.path


def wait_for_mail(shop: Composed, pattern: str) -> None:
    def came() -> bool:
        # Django 6 writes longer lines as quoted-printable.
        return re.search(pattern, shop.log("mail").replace("=\n", "")) is not None

    wait_until(came, otherwise=lambda: shop.log("shop"))


def failed(shop: Composed) -> list[str]:
    """The messages that wait for their next attempt."""
    return [found["messageId"] for found in asked(shop, "GET", "/_local/messages?state=retrying")["messages"]]


def deliver_now(shop: Composed, customer: httpx.Client, order: str) -> str:
    for message_id in failed(shop):
        asked(shop, "POST", f"/_local/messages/{message_id}/deliver")
    return customer.get(order).text


def asked(shop: Composed, method: str, path: str) -> Any:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    answer = httpx.request(method, f"{shop.qstash}{path}", headers=headers, trust_env=False, timeout=PATIENCE)
    assert answer.is_success, answer.text
    return answer.json()
