"""What is printed holds up nobody, whoever reads it or does not."""

import io
import logging
import os
import threading
from collections.abc import Iterator

import pytest

from qstash_integrations.server.app import Printer, logging_to
from qstash_integrations.server.app.printing import MOST
from tests.server.destination import SOON

PIPE_AND_MORE = 200_000  # bytes; a pipe holds 65,536


class Pipe:
    """One end to print to, and one that may be read."""

    def __init__(self) -> None:
        reading, writing = os.pipe()
        self.reader, self.writer = os.fdopen(reading, encoding="utf-8"), os.fdopen(writing, "w", encoding="utf-8")


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    pipe = Pipe()
    yield pipe
    pipe.reader.close()
    pipe.writer.close()


def test_lines_come_out_in_order_and_all_of_them_before_the_end(pipe: Pipe) -> None:
    with Printer(pipe.writer) as say:
        for number in range(500):
            say(f"line {number}")
    pipe.writer.close()
    assert pipe.reader.read().splitlines() == [f"line {number}" for number in range(500)]


def test_a_stream_that_is_no_file_gets_them_as_well() -> None:
    stream = io.StringIO()
    with Printer(stream) as say:
        say("one")
        say("two")
    assert stream.getvalue() == "one\ntwo\n"


def test_S07_whoever_does_not_read_holds_up_nobody_and_learns_how_much_was_missed(pipe: Pipe) -> None:
    done = threading.Event()

    def print_much() -> None:
        with Printer(pipe.writer) as say:
            for _ in range(3 * MOST):
                say("x" * (PIPE_AND_MORE // MOST))
            done.set()
            read.wait(SOON)

    read = threading.Event()
    thread = threading.Thread(target=print_much)
    thread.start()
    assert done.wait(SOON)
    lines = [pipe.reader.readline() for _ in range(MOST)]
    read.set()
    thread.join()
    pipe.writer.close()
    lines += pipe.reader.readlines()
    # More than one where the machine is slow.
    missed = [int(line.split()[1]) for line in lines if line.startswith("...")]
    shown = lines.count("x" * 200 + "\n")
    assert missed
    assert shown + len(missed) == len(lines)
    assert shown + sum(missed) == 3 * MOST


def test_S07_a_reader_that_never_comes_does_not_hold_up_the_end(pipe: Pipe) -> None:
    with Printer(pipe.writer) as say:
        for _ in range(MOST):
            say("x" * (PIPE_AND_MORE // MOST))
    pipe.reader.close()
    # It still waited, and learns that nobody reads, before its descriptor is another file's.
    for thread in threading.enumerate():
        if thread.name == "qstash-printer":
            thread.join(SOON)


def test_a_reader_that_is_gone_is_no_error(pipe: Pipe) -> None:
    pipe.reader.close()
    with Printer(pipe.writer) as say:
        say("nobody")


def test_what_a_stream_cannot_show_is_shown_as_what_it_is() -> None:
    reading, writing = os.pipe()
    with os.fdopen(writing, "w", encoding="ascii") as stream, Printer(stream) as say:
        say("caf\xe9 \udc80")
    with os.fdopen(reading, encoding="ascii") as reader:
        assert reader.read() == "caf\\xe9 \\udc80\n"


def test_warnings_are_printed_and_nothing_less_than_that() -> None:
    stream = io.StringIO()
    logger = logging.getLogger("tests.printing")
    with Printer(stream) as complain, logging_to(complain):
        logger.info("no")
        logger.warning("attention")
    logger.warning("too late")
    assert stream.getvalue() == "attention\n"
