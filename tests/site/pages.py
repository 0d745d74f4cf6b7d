"""The pages of the site."""

import re
from pathlib import Path

from tests.readme import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
IDS = [page.relative_to(DOCS).as_posix() for page in PAGES]


def anchors(page: Path) -> set[str]:
    """What its headings are called in a link, as GitHub and the site make it of them."""
    text = re.sub(r"^( *)```.*?^\1```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).strip().replace(" ", "-") for title in titles}
