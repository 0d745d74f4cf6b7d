"""An app that serves tasks, for these tests: adapters have mounts of their own."""

from typing import Any

from qstash_integrations import NonRetryable, RetryAfter, current_delivery
from qstash_integrations.asgi import QStashMiddleware
from qstash_integrations.tasks.arguments import BadArguments
from qstash_integrations.tasks.mount import Mount
from qstash_integrations.tasks.origin import origin
from qstash_integrations.tasks.running import arrive, arun


def serving(*tasks: Any, **options: Any) -> Any:
    """An ASGI app with these tasks below /qstash/tasks."""
    mount = Mount.of(tasks, around=options.pop("around", None))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        task = mount.find(scope["path"].rpartition("/")[2])
        status, body, headers = 404, b"", []
        if task is not None:
            status, body, headers = await answer(mount, task)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return QStashMiddleware(app, **options)


async def answer(mount: Mount, task: Any) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
    try:
        return 200, await arun(arrive(mount, task, current_delivery()), origin().apublish), []
    except BadArguments as error:
        return 400, str(error).encode(), []
    except NonRetryable as error:
        return 489, str(error).encode(), [(b"upstash-nonretryable-error", b"true")]
    except RetryAfter as error:
        return 503, b"", [(b"retry-after", str(error.seconds).encode())]
    except Exception:
        return 500, b"", []
