"""An option that there is not: one row, given to whatever reads the table."""

from qstash_integrations._core.publishing.options import OPTIONS, Option

PRIORITY = Option(
    name="priority",
    kind="number",
    header="Upstash-Priority",
    of=("message", "schedule"),
    local_most=9,
    quota="maxPriority",
    field="priority",
    label="Priority",
    group="Message",
    example="7",
)
TABLE = {**OPTIONS, "priority": PRIORITY}
