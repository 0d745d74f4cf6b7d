"""What a head makes of headers that come more than once, or not at all."""

import pytest

from qstash_integrations._core.receiving.head import head_of_lines


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([(b"host", b"a.example")], "a.example"),
        ([(b"host", b"a.example"), (b"host", b"b.example")], "a.example,b.example"),
        ([(b"host", b"a.example"), (b"x-other", b"1"), (b"x-other", b"2")], "a.example"),
        ([(b"x-other", b"1"), (b"x-other", b"2")], None),
        ([], None),
    ],
    ids=["one", "two", "one beside another that comes twice", "none beside one that comes twice", "none"],
)
def test_hosts_that_differ_are_joined_into_what_is_none(lines: list[tuple[bytes, bytes]], expected: str | None) -> None:
    assert head_of_lines("POST", "/", lines).header("host") == expected


def test_two_signatures_are_joined_into_what_is_no_token() -> None:
    lines = [(b"upstash-signature", b"a.b.c"), (b"upstash-region", b"EU"), (b"upstash-signature", b"d.e.f")]
    assert head_of_lines("POST", "/", lines).signature == b"a.b.c,d.e.f"


def test_of_any_other_header_the_first_one_counts() -> None:
    lines = [(b"upstash-retried", b"1"), (b"upstash-retried", b"2")]
    assert head_of_lines("POST", "/", lines).header("upstash-retried") == "1"
