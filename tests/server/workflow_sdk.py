"""What a workflow SDK sends, as it sends it, to an engine on a clock that is moved by hand."""

import json
from base64 import b64decode
from typing import Any

from qstash_integrations.server.model import Header, Message, Publication, Receipt, RunFilter
from tests.server.driver import Driver
from tests.server.local import Got, Local

WORKFLOW = "https://app.example.com/workflow"
SDK = "Upstash-Forward-Upstash-Workflow-Sdk-Version"


class Sdk:
    """``features`` are those of the JavaScript SDK, which sends a run's settings once; Python's repeats them."""

    def __init__(
        self, driver: Driver | Local, run_id: str = "wfr_1", features: str = "InitialBody,WF_TriggerOnConfig"
    ) -> None:
        self.driver = driver
        self.run_id = run_id
        self.features = features

    @property
    def own(self) -> RunFilter:
        return RunFilter(ids=[self.run_id])

    def start(self, payload: bytes = b'{"n":1}', **headers: str) -> Receipt:
        return self.send(self.initial(payload, **headers))

    def initial(self, payload: bytes = b'{"n":1}', **headers: str) -> Publication:
        return self._item(WORKFLOW, payload, Upstash_Workflow_Init="true", **headers)

    def result(self, step_id: int, *, name: str = "", out: str = '"done"', **headers: str) -> Receipt:
        return self.send(self.step(step_id, name=name, out=out, **headers))

    def step(self, step_id: int, *, concurrent: int = 1, name: str = "", **fields: Any) -> Publication:
        """Fields in lower case are the step's, those in title case headers."""
        step = {"stepId": step_id, "stepName": name or f"step {step_id}", "stepType": "Run", "concurrent": concurrent}
        headers = {name: value for name, value in fields.items() if name[0].isupper()}
        step |= {name: value for name, value in fields.items() if not name[0].isupper()}
        return self._item(WORKFLOW, json.dumps(step).encode(), Upstash_Workflow_Init="false", **headers)

    def plan(self, target: int, concurrent: int, **fields: Any) -> Publication:
        return self.step(0, concurrent=concurrent, name=f"step {target}", targetStep=target, **fields)

    def call(self, step_id: int, url: str = "https://api.example.com/price", **headers: str) -> Publication:
        return Publication(
            destination=url,
            body=b"what is it?",
            headers=_headers(
                {
                    **self._common(),
                    "Upstash-Workflow-CallType": "toCallback",
                    "Upstash-Retries": "0",
                    "Upstash-Callback": WORKFLOW,
                    "Upstash-Callback-Workflow-RunId": self.run_id,
                    "Upstash-Callback-Workflow-CallType": "fromCallback",
                    "Upstash-Callback-Workflow-Init": "false",
                    "Upstash-Callback-Workflow-Url": WORKFLOW,
                    "Upstash-Callback-Forward-Upstash-Workflow-Callback": "true",
                    "Upstash-Callback-Forward-Upstash-Workflow-StepId": str(step_id),
                    "Upstash-Callback-Forward-Upstash-Workflow-StepName": "the price",
                },
                headers,
            ),
        )

    def wait(self, event: str, step_id: int = 1, *, timeout: object = "5s", **fields: Any) -> Got:
        """As the SDK waits, by a call of the API: the headers of its result are in publish form, two of them twice."""
        assert isinstance(self.driver, Local), "it takes the API"
        step = {"stepId": step_id, "stepName": f"step {step_id}", "stepType": "Wait", "concurrent": 1, **fields}
        headers = {**self._common(), "Upstash-Workflow-Init": "false", "Upstash-Workflow-CallType": "step", SDK: "1"}
        listed = {name: [value] for name, value in headers.items()}
        body = {
            "url": WORKFLOW,
            "timeout": timeout,
            "timeoutUrl": WORKFLOW,
            "timeoutHeaders": {**listed, "Upstash-Workflow-Runid": [self.run_id], "content-type": ["application/json"]},
            "step": step,
        }
        return self.driver("POST", f"/v2/wait/{event}", body, headers)

    def send(self, *publications: Publication) -> Receipt:
        """As a batch, as the SDKs do; the receipt of the first."""
        return self.driver.engine.publishing.batch(publications)[0].each[0]

    def _common(self) -> dict[str, str]:
        return {
            "Upstash-Workflow-RunId": self.run_id,
            "Upstash-Workflow-Url": WORKFLOW,
            "Upstash-Feature-Set": self.features,
        }

    def _item(self, url: str, body: bytes, **headers: str) -> Publication:
        common = {**self._common(), SDK: "1", "Content-Type": "application/json"}
        return Publication(destination=url, body=body, headers=_headers(common, headers), caller_ip="203.0.113.9")


def list_of(message: Message) -> list[Any]:
    """What a delivery carries: the steps, but the initial payload as it is."""
    first, *others = [b64decode(entry["body"], validate=True) for entry in json.loads(message.body)]
    return [first.decode(), *map(json.loads, others)]


def ids_of(message: Message) -> list[int]:
    """The steps that a delivery carries; a plan by what it plans, with a minus."""
    return [-step["targetStep"] if step["stepId"] == 0 else step["stepId"] for step in list_of(message)[1:]]


def header_of(message: Message, name: str) -> str | None:
    return next((value for key, value in message.options.headers if key.lower() == name.lower()), None)


def failure_headers(url: str = WORKFLOW) -> dict[str, str]:
    return {
        "Upstash_Failure_Callback": url,
        "Upstash_Failure_Callback_Workflow_Runid": "wfr_1",
        "Upstash_Failure_Callback_Workflow_Url": WORKFLOW,
        "Upstash_Failure_Callback_Workflow_Init": "false",
        "Upstash_Failure_Callback_Workflow_Calltype": "failureCall",
        "Upstash_Failure_Callback_Forward_Upstash_Workflow_Is_Failure": "true",
        "Upstash_Failure_Callback_Forward_X_User": "joe",
    }


def _headers(common: dict[str, str], more: dict[str, str]) -> tuple[Header, ...]:
    return (*common.items(), *((name.replace("_", "-"), value) for name, value in more.items()))
