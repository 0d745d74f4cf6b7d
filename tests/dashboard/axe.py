"""axe-core, by which every view is judged. It comes from npm, once for all tests."""

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

VERSION = "4.14.1"
# What it finds is told as rule, impact, and the elements that it is about.
_RUN = """async () => {
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations.flatMap(({ id, impact, nodes }) => nodes.map(({ target, any, all }) =>
        `${id} (${impact}): ${target.join(" ")}: ${[...any, ...all].map((one) => one.message).join("; ")}`));
}"""


def violations(page: Page, home: Path) -> list[str]:
    """Of all rules, whatever their impact, in the page as it is now."""
    page.evaluate((home / "node_modules/axe-core/axe.min.js").read_text())
    found: list[Any] = page.evaluate(_RUN)
    return [str(one) for one in found]
