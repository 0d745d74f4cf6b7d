"""Vercel's runtime with one of the apps: requests on standard input, one a line, and their answers at the end."""

import contextlib
import importlib
import json
import os
import sys
from pathlib import Path

_, name = sys.argv
entry = Path(__file__).with_name(f"{name}.py")
os.environ |= {
    "__VC_HANDLER_ENTRYPOINT": entry.name,
    "__VC_HANDLER_ENTRYPOINT_ABS": str(entry),
    "__VC_HANDLER_MODULE_NAME": f"tests.surroundings.vercel.{name}",
    "__VC_HANDLER_VARIABLE_NAME": "app",
}
with contextlib.redirect_stdout(sys.stderr):
    runtime = importlib.import_module("vercel_runtime.vc_init")
    answers = [runtime.vc_handler({"body": line}, None)["statusCode"] for line in sys.stdin]
print(json.dumps(answers))
