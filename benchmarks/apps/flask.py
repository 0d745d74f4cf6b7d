import qstash.errors
from flask import Flask, request

from qstash_integrations.flask import verify_qstash

from .. import tokens
from ..verify import hash_and_parse

receiver = tokens.official()
bare, ours, official, floor = Flask("bare"), Flask("ours"), Flask("official"), Flask("floor")


@bare.post("/bare")
def hook() -> str:
    return str(len(request.get_data()))


@ours.post("/ours")
@verify_qstash(receiver=tokens.ours(), public_url=tokens.ORIGIN)
def hook_with_ours() -> str:
    return str(len(request.get_data()))


@official.post("/official")
def hook_with_official() -> str | tuple[str, int]:
    body = request.get_data()
    try:
        receiver.verify(
            body=body.decode(), signature=request.headers["upstash-signature"], url=f"{tokens.ORIGIN}/official"
        )
    except qstash.errors.SignatureError:
        return "", 401
    return str(len(body))


@floor.post("/floor")
def hook_with_floor() -> str:
    body = request.get_data()
    hash_and_parse(request.environ["HTTP_UPSTASH_SIGNATURE"], body, [tokens.CURRENT])
    return str(len(body))
