// One workflow run: what it was started with, its steps in groups, what it returned, and what can be done about it.

import * as api from "./api.js";
import { act, button, confirmed, copy, h } from "./dom.js";
import { clock, prettyJson, span } from "./format.js";
import { age, statusBadge } from "./state.js";
import { runBadge, runHref, stepBadge } from "./run_state.js";

const MOST = 16384; // bytes of each body
const GROUPS = { sequential: null, parallel: "At the same time", next: "What comes next" };

export function run(id, parameters) {
  const created = parameters.get("created");
  const element = h("article", {});
  const isOpen = new Set(); // steps that somebody has unfolded stay so
  let shown = "";

  async function refresh() {
    const { runs } = await api.get(`/v2/workflows/logs${api.query({ workflowRunId: id, workflowCreatedAt: created, count: 1, trimBody: MOST })}`);
    const now = JSON.stringify(runs);
    if (now === shown && element.firstChild) return;
    shown = now;
    element.replaceChildren(
      h("p", { class: "crumbs" }, h("a", { href: "#/workflows" }, "Workflows"), " / ", h("code", {}, id)),
      ...(runs.length ? page(runs[0], refresh, isOpen) : [gone()]),
    );
  }

  return { title: "Workflow run", element, refresh };
}

const gone = () => h("div", { class: "card" }, h("h1", {}, "Not here any more"),
  h("p", {}, "No run of this id is kept. ", h("a", { href: "#/workflows" }, "All runs"), " that are."));

function page(found, refresh, isOpen) {
  return [
    h("div", { class: "card" },
      h("h1", { class: "url" }, runBadge(found.workflowState), found.workflowUrl),
      actions(found, refresh),
      h("dl", { class: "facts" }, facts(found).map(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]))),
    h("section", { class: "card" }, h("h2", {}, "Steps"), h("ol", { class: "timeline" }, found.steps.map((group) => groupOf(group, isOpen)))),
    found.workflowRunResponse !== undefined && h("section", { class: "card" }, h("h2", {}, "Returned"), text(found.workflowRunResponse, "What the workflow returned")),
    found.failureFunction && h("section", { class: "card" }, h("h2", {}, "Failure function"), failure(found.failureFunction)),
  ].filter(Boolean);
}

function facts(found) {
  const ended = found.workflowRunCompletedAt;
  const { invoker } = found;
  return [
    ["Id", [h("code", {}, found.workflowRunId), " ", button("Copy", copy(() => found.workflowRunId), { class: "small" })]],
    ["Started", [clock(found.workflowRunCreatedAt), " (", age(found.workflowRunCreatedAt), ")"]],
    ended && ["Ended", [clock(ended), `, after ${span(ended - found.workflowRunCreatedAt)}`]],
    found.labels && ["Labels", found.labels.map((label) => [h("a", { href: `#/workflows${api.query({ label })}` }, label), " "])],
    found.flowControlKey && ["Flow control", h("a", { href: `#/messages${api.query({ flowControlKey: found.flowControlKey })}` }, found.flowControlKey)],
    invoker && ["Invoked by", h("a", { href: runHref(invoker) }, invoker.workflowRunId)],
    found.workflowRunCallerIp && ["Started from", h("code", {}, found.workflowRunCallerIp)],
  ].filter(Boolean);
}

function actions(found, refresh) {
  const cancel = act(async () => {
    if (!(await confirmed("Cancel this run? A step under way may still end.", "Cancel run"))) return false;
    await api.remove(api.path`/v2/workflows/runs/${found.workflowRunId}`);
    await refresh();
  }, "Canceled");
  const again = (verb, done) => act(async () => {
    const { workflowRunId } = await api.post(`/v2/workflows/dlq/${verb}/${encodeURIComponent(found.dlqId)}`);
    location.hash = `#/workflows/${encodeURIComponent(workflowRunId)}`;
  }, done);
  return h(
    "div",
    { class: "actions" },
    found.workflowState === "RUN_STARTED" && button("Cancel", cancel, { class: "danger" }),
    found.dlqId && button("Resume", again("resume", "Goes on as a new run"), { class: "primary", title: "A new run that knows all results of this one" }),
    found.dlqId && button("Restart", again("restart", "Started as a new run"), { title: "A new run from the beginning" }),
  );
}

function groupOf(group, isOpen) {
  const title = GROUPS[group.type];
  const steps = group.steps.map((step) => stepOf(step, group.type, isOpen));
  return title && steps.length ? [h("li", { class: "group" }, h("div", { class: "what quiet" }, title)), ...steps] : steps;
}

function stepOf(step, kind, isOpen) {
  const name = step.stepName || (kind === "next" ? "Delivery" : "init");
  const key = `${kind} ${step.messageId} ${step.stepId ?? ""}`;
  const details = h("details", {
    open: isOpen.has(key),
    ontoggle: (event) => isOpen[event.target.open ? "add" : "delete"](key),
  }, h("summary", {}, "Details"), detailsOf(step));
  const tone = { STEP_SUCCESS: "delivered", STEP_FAILED: "failed", STEP_RETRY: "retrying", STEP_PROGRESS: "active" }[step.state] ?? "";
  return h(
    "li",
    { class: tone },
    step.createdAt && h("span", { class: "at" }, clock(step.createdAt)),
    h("div", { class: "what" },
      h("b", {}, name), " ", stepBadge(step.state), " ", h("span", { class: "quiet" }, [step.stepType, aboutOf(step)].filter(Boolean).join(", ")),
      step.invokedWorkflowRunId && [" ", h("a", { href: runHref({ workflowRunId: step.invokedWorkflowRunId, workflowRunCreatedAt: step.invokedWorkflowCreatedAt }) }, step.invokedWorkflowRunId)],
      (step.errors ?? []).slice(-1).map((failed) => h("p", { class: "bad" }, statusBadge(failed.status), " ", firstLine(failed.body) || failed.error)),
      details),
  );
}

function aboutOf(step) {
  if (step.callUrl) return `${step.callMethod} ${step.callUrl}`;
  if (step.waitEventId) return `${step.waitTimeout ? "nobody told of" : "of"} ${step.waitEventId}`;
  if (step.sleepFor) return `for ${step.sleepFor}${typeof step.sleepFor === "number" ? " s" : ""}`;
  if (step.sleepUntil) return `until ${clock(step.sleepUntil)}`;
  if (step.nextDeliveryTime) return `tried again at ${clock(step.nextDeliveryTime)}`;
  return "";
}

function detailsOf(step) {
  return [
    h("p", {}, h("a", { href: `#/messages/${encodeURIComponent(step.messageId)}` }, "Its message")),
    step.out !== undefined && text(step.out, `Result of ${step.stepName || "init"}`),
    step.callResponseStatus !== undefined && [h("p", {}, "Answer ", statusBadge(step.callResponseStatus)), text(step.callResponseBody ?? "", "Answer to the call")],
    (step.errors ?? []).map((failed) => [
      h("p", {}, clock(failed.time), " ", statusBadge(failed.status), " ", failed.error), failed.body ? text(failed.body, "Answer") : "",
    ]),
  ];
}

function failure(call) {
  return [
    h("p", {}, "After ", statusBadge(call.failStatus), " ", firstLine(call.failResponse)),
    h("p", {}, { CALLBACK_SUCCESS: "It was called, and succeeded.", CALLBACK_FAIL: "It was called, and failed, too.",
      CALLBACK_INPROGRESS: "It is being called.", CALLBACK_CANCELED: "Calling it was canceled." }[call.state] ?? call.state,
    " ", h("a", { href: `#/messages/${encodeURIComponent(call.messageId)}` }, "Its message")),
  ];
}

const firstLine = (body) => (body ?? "").split("\n", 1)[0].slice(0, 200);
const text = (body, label) => h("pre", { tabindex: "0", "aria-label": label }, prettyJson(body) ?? (body || "(empty)"));
