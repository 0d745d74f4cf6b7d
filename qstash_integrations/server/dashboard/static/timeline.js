// What happened to a message, in order: accepted, attempts with their answers, waits between them, its end.

import * as api from "./api.js";
import { body, headers } from "./content.js";
import { h, redrawn } from "./dom.js";
import { hour, iso, span } from "./format.js";
import { age, statusBadge } from "./state.js";

const PLAIN = {
  FAILED: ["failed", "Failed for good: it is in the dead letter queue"],
  CANCEL_REQUESTED: ["canceled", "Cancel requested"],
  CANCELED: ["canceled", "Canceled"],
};

export function timeline(id) {
  const element = h("ol", { class: "timeline" });
  const isOpen = new Map(); // answers that were opened or closed, by their step
  const draw = redrawn(element, (step) => step.key, (step) => drawn(step, id, isOpen));
  return { element, draw: (events) => draw(steps(events)) };
}

// An attempt is two events, its start and its end, and one step.
function steps(events) {
  const found = [];
  let number = 0;
  for (const [index, event] of events.entries()) {
    if (event.state === "ACTIVE") {
      number += 1;
      found.push({ key: `attempt ${number}`, kind: "active", number, time: event.time });
    } else if (event.attempt !== undefined) {
      const started = found.findLast((step) => step.kind === "active");
      const kind = event.state === "DELIVERED" ? "delivered" : "error";
      if (started) Object.assign(started, { kind, event, took: event.time - started.time });
      else found.push({ key: `answer ${index}`, kind, number, time: event.time, event });
    } else {
      found.push({ key: `${event.state} ${index}`, kind: event.state, time: event.time, next: event.nextDeliveryTime });
    }
  }
  // Why it failed is what people come for.
  const last = found.findLast((step) => step.event);
  if (last?.kind === "error") last.isWhy = true;
  // What comes next was waited for.
  for (const step of found.slice(0, -1)) step.isOver = true;
  return found;
}

function drawn(step, id, isOpen) {
  const [kind, ...content] = contentOf(step, id, isOpen);
  return h("li", { class: kind }, h("span", { class: "at", title: iso(step.time) }, hour(step.time)),
    h("div", { class: "what" }, content));
}

function contentOf(step, id, isOpen) {
  const due = step.next > step.time && h("span", { title: iso(step.next) }, hour(step.next));
  const until = !due ? [] : step.isOver ? [", due at ", due] : [" until ", due, " (", age(step.next), ")"];
  if (step.kind === "CREATED") return ["created", "Published", due && !step.isOver ? "; waits" : "", ...until];
  if (step.kind === "RETRY") return ["retrying", step.isOver ? "Waited for the next attempt" : "Waits for the next attempt", ...until];
  if (step.kind in PLAIN) return PLAIN[step.kind];
  if (step.kind === "active") return ["active", h("b", {}, `Attempt ${step.number}`), " under way"];
  if (!step.event) return ["created", step.kind];
  const { event } = step;
  const answer = h(
    "details",
    {
      class: "answer",
      open: isOpen.get(step.key) ?? step.isWhy,
      ontoggle: (toggled) => isOpen.set(step.key, toggled.target.open),
    },
    h("summary", {}, "Answer"),
    body(event, "responseBody", api.path`/_local/messages/${id}/attempts/${event.attempt}/body`,
      `Body of answer ${step.number}`),
    headers(event.responseHeader, `Headers of answer ${step.number}`),
  );
  return [
    step.kind,
    h("b", {}, `Attempt ${step.number}`), " ", statusBadge(event.responseStatus),
    step.took === undefined ? "" : ` after ${span(step.took)}`,
    event.error && event.responseStatus === 0 ? h("p", { class: "bad" }, event.error) : "",
    event.responseStatus === 0 ? "" : answer,
  ];
}
