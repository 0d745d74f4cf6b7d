"""The types of what comes back from QStash, for annotations of your own.

Spec: https://upstash.com/docs/qstash/openapi.yaml
"""

from ._core.publishing.results.dlq import DlqMessage, ListDlqMessagesResponse
from ._core.publishing.results.flow_control import FlowControlInfo, GlobalParallelismInfo
from ._core.publishing.results.log import ListGroupedLogsResponse, ListLogsResponse, Log, MessageLogs
from ._core.publishing.results.message import FlowControlProperties, Message
from ._core.publishing.results.published import PublishResponse, PublishUrlGroupResponse
from ._core.publishing.results.queue import Queue
from ._core.publishing.results.schedule import Schedule
from ._core.publishing.results.signing_key import SigningKey
from ._core.publishing.results.url_group import Endpoint, UrlGroup

__all__ = [
    "DlqMessage",
    "Endpoint",
    "FlowControlInfo",
    "FlowControlProperties",
    "GlobalParallelismInfo",
    "ListDlqMessagesResponse",
    "ListGroupedLogsResponse",
    "ListLogsResponse",
    "Log",
    "Message",
    "MessageLogs",
    "PublishResponse",
    "PublishUrlGroupResponse",
    "Queue",
    "Schedule",
    "SigningKey",
    "UrlGroup",
]
