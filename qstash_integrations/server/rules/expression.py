"""Retry-delay expressions: arithmetic over ``retried``, in milliseconds, or a duration. Not a programming language.

Checked when a message is published, so that evaluating later cannot surprise: numbers, the operators
``+ - * /``, and the functions that QStash documents. Everything is a float, so no result grows without bound.

Spec: https://upstash.com/docs/qstash/features/retry
"""

import ast
import math
import operator
from typing import Any

from simpleeval import SimpleEval  # type: ignore[import-untyped]

from ..._core.durations import exact_seconds
from ..._core.publishing.options import OPTIONS
from ..model import Refused

MAX_LENGTH = OPTIONS["retry_delay"].longest
LONGEST_MS = 86_400_000
_MAX_NODES = 100


def _divide(x: float, y: float) -> float:
    return x / y


_OPERATORS: dict[type[ast.AST], Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: _divide,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_NODES = (
    ast.Expression, ast.BinOp, ast.UnaryOp, ast.Constant, ast.Name, ast.Call, ast.Load, ast.operator, ast.unaryop
)  # fmt: skip


def _floor(x: float) -> float:
    return float(math.floor(x))


def _ceil(x: float) -> float:
    return float(math.ceil(x))


def _round(x: float) -> float:
    return float(round(x))


def _min(x: float, y: float) -> float:
    return min(x, y)


def _max(x: float, y: float) -> float:
    return max(x, y)


# Python's own pow() computes exact integers: pow(7, pow(7, 9)) would never return.
_FUNCTIONS: dict[str, Any] = {
    "pow": math.pow,
    "sqrt": math.sqrt,
    "abs": math.fabs,
    "exp": math.exp,
    "floor": _floor,
    "ceil": _ceil,
    "round": _round,
    "min": _min,
    "max": _max,
}


def check_expression(text: str) -> str:
    """The expression as it is; Refused when it is none."""
    if not text or len(text) > MAX_LENGTH:
        raise _refused(text, f"must have 1 to {MAX_LENGTH} characters")
    if _duration_ms(text) is not None:
        return text
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise _refused(text, "is not an arithmetic expression") from error
    nodes = list(ast.walk(tree))
    if len(nodes) > _MAX_NODES:
        raise _refused(text, "is too long")
    for node in nodes:
        if not isinstance(node, _NODES):
            raise _refused(text, "may hold numbers, retried, + - * / and functions only")
        if isinstance(node, ast.Constant) and type(node.value) not in (int, float):
            raise _refused(text, "may hold numbers only")
        if isinstance(node, ast.operator | ast.unaryop) and type(node) not in _OPERATORS:
            raise _refused(text, "knows only the operators + - * /")
    try:
        _evaluate(text, 0)
    except (OverflowError, ZeroDivisionError, ValueError):
        # Defined for other values of retried, perhaps: 1000 / retried is.
        pass
    except Exception as error:
        raise _refused(text, "knows only retried, pow, sqrt, abs, exp, floor, ceil, round, min and max") from error
    return text


def retry_delay_ms(text: str, retried: int) -> float | None:
    """Milliseconds from 0 to one day; None when the expression has no value for this ``retried``."""
    duration = _duration_ms(text)
    if duration is not None:
        return min(duration, LONGEST_MS)
    try:
        value = _evaluate(text, retried)
    except OverflowError:
        return LONGEST_MS
    except (ZeroDivisionError, ValueError):
        return None
    if math.isnan(value):
        return None
    return min(max(value, 0.0), LONGEST_MS)


def _duration_ms(text: str) -> float | None:
    """Of a number with a unit; without one it is an expression."""
    seconds = exact_seconds(text) if text.strip()[-1:].isalpha() else None
    return None if seconds is None else float(seconds * 1000)


def _evaluate(text: str, retried: int) -> float:
    evaluator: Any = SimpleEval(operators=_OPERATORS, functions=_FUNCTIONS, names={"retried": float(retried)})
    return float(evaluator.eval(text, previously_parsed=_parsed(text)))


def _parsed(text: str) -> ast.expr:
    """Every number as a float: integers of any size would cost any amount of time."""
    tree = ast.parse(text.strip(), mode="eval").body
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant):
            number: Any = node.value
            node.value = float(number)
    return tree


def _refused(text: str, why: str) -> Refused:
    return Refused(400, f"invalid Upstash-Retry-Delay {text[:60]!r}: it {why}")
