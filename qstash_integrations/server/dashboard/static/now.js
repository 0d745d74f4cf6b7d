// What can be done at once about a message that waits for its moment, or that failed for good.

import * as api from "./api.js";
import { act, button, h, notice } from "./dom.js";

const WAITING = ["waiting", "retrying"];

// The button for it, null where there is nothing to be done; "d" presses it, too.
export function nowButton(item, done, attributes) {
  if (WAITING.includes(item.state)) return button("Deliver now", act(() => deliver(item, done)), { "data-now": "", ...attributes });
  if (!item.dlqId) return null;
  return button("Retry now", act(() => retry(item.dlqId, done), "Published again"), { "data-now": "", ...attributes });
}

export async function retry(dlqId, done) {
  const { responses } = await api.post("/v2/dlq/retry", { dlqIds: [dlqId] });
  await done(responses[0]?.messageId);
}

async function deliver(item, done) {
  try {
    await api.post(api.path`/_local/messages/${item.messageId}/deliver`);
  } catch (error) {
    if (error.status !== 409) throw error;
    notice(error.message, true, obstacle(item));
    return false;
  }
  await done(item.messageId);
  notice("Due now");
  return true;
}

// Where what holds a message back can be changed.
export function obstacle(item) {
  const name = item.queueName ?? item.flowControlKey;
  if (!name) return null;
  const kind = item.queueName ? "Queue" : "Flow control";
  return h("a", { href: `#/queues${api.query({ at: name })}` }, `${kind} ${name}`);
}
