"""The pages of the site."""

from tests.readme import ROOT

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
IDS = [page.relative_to(DOCS).as_posix() for page in PAGES]
