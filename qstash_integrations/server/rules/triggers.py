"""A workflow run that is started without an SDK: the headers with which an SDK would have started it. Pure.

The caller names the endpoint and perhaps some options; how the endpoint's SDK is to be spoken to is added here.

Spec: https://upstash.com/docs/workflow/rest/runs/trigger
"""

from dataclasses import replace

from ..model import DETECTS, INITIAL_BODY, KEEPS, Header, Publication

_RUN_ID, _UNKNOWN = "upstash-workflow-runid", "upstash-workflow-unknown-sdk"
_FEATURES, _LABEL, _FAILURE = "upstash-feature-set", "upstash-label", "upstash-failure-callback"
_FORWARD, _FORWARD_FAILURE = "upstash-forward-", "upstash-failure-callback-forward-"
_OF_WORKFLOWS = "upstash-workflow-"


def triggered(publication: Publication, run_id: str) -> Publication:
    """``run_id`` is for those who give none. What the caller says comes before what is added."""
    given = {name.lower(): value for name, value in publication.headers}
    users = {name.removeprefix(_FORWARD): value for name, value in given.items() if name.startswith(_FORWARD)}
    if _LABEL in given:
        users["upstash-label"] = given[_LABEL]
    run_id = given.get(_RUN_ID, "").strip() or run_id
    url = publication.destination
    added = {
        _FEATURES: ",".join((INITIAL_BODY, DETECTS, KEEPS)),
        _FAILURE: url,
        f"{_FORWARD_FAILURE}upstash-workflow-is-failure": "true",
        f"{_FORWARD_FAILURE}upstash-workflow-failure-callback": "true",
        **{f"{_FORWARD}{name}": value for name, value in users.items()},
        # The first delivery only tells that it does not know the SDK; a failure is told as it is.
        **{f"{_FORWARD_FAILURE}{name}": value for name, value in users.items() if not name.startswith(_OF_WORKFLOWS)},
    }
    own = {
        f"{_FORWARD}upstash-workflow-sdk-version": "1",
        **({f"{_FORWARD}{_UNKNOWN}": given[_UNKNOWN]} if _UNKNOWN in given else {}),
        _RUN_ID: run_id,
        "upstash-workflow-url": url,
        "upstash-workflow-init": "true",
        f"{_FAILURE}-workflow-runid": run_id,
        f"{_FAILURE}-workflow-url": url,
        f"{_FAILURE}-workflow-init": "false",
        f"{_FAILURE}-workflow-calltype": "failureCall",
    }
    kept: list[Header] = [
        (name, value)
        for name, value in publication.headers
        if name.lower() not in own and not name.lower().startswith(_OF_WORKFLOWS)
    ]
    missing = [(name, value) for name, value in added.items() if name not in given]
    return replace(publication, headers=(*kept, *missing, *own.items()))
