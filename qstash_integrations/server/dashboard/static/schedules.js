// Schedules: when each publishes next, what became of the last time, pause, run now, delete.

import { nothingYet } from "./absent.js";
import * as api from "./api.js";
import { tickIn, zoneOf } from "./cron.js";
import { act, button, confirmed, h, redrawn, table } from "./dom.js";
import { cell } from "./rows.js";
import { age, called } from "./state.js";

const WORDS = { IN_PROGRESS: ["active", "in progress"], SUCCESS: ["delivered", "delivered"], FAIL: ["failed", "failed"] };

export function schedules() {
  const rows = h("tbody");
  const draw = redrawn(rows, (schedule) => schedule.scheduleId, (schedule) => scheduleRow(schedule, refresh));
  const empty = nothingYet(["No schedules. Make one with ", h("a", { href: "#/publish" }, "Publish"), ", or from your app."], "schedule");

  async function refresh() {
    const [found, ticks] = await Promise.all([api.get("/v2/schedules"), api.get("/_local/schedules/ticks")]);
    draw(found.map((schedule) => ({ ...schedule, body: "", ticks: ticks[schedule.scheduleId] ?? [] })));
    empty.hidden = found.length > 0;
  }

  const element = h(
    "section",
    {},
    h("div", { class: "heading" }, h("h1", {}, "Schedules"), h("span", { class: "grow" }),
      h("a", { class: "button", href: `#/publish${api.query({ cron: "0 7 * * *" })}` }, "New schedule")),
    table("Schedules", ["Schedule", "Destination", "Next five runs", "Last run", ""], rows),
    empty,
  );
  return { title: "Schedules", element, refresh };
}

function scheduleRow(schedule, refresh) {
  const id = schedule.scheduleId;
  const pause = act(async () => {
    const verb = schedule.isPaused ? "resume" : "pause";
    await api.post(api.path`/v2/schedules/${id}/` + verb);
    await refresh();
  }, schedule.isPaused ? "Resumed" : "Paused");
  const run = act(async () => {
    await api.post(api.path`/_local/schedules/${id}/run`);
    await refresh();
  }, "Published now");
  const remove = act(async () => {
    if (!(await confirmed(`Delete the schedule ${id}?`, "Delete"))) return false;
    await api.remove(api.path`/v2/schedules/${id}`);
    await refresh();
  }, "Deleted");
  return h(
    "tr",
    { "data-id": id },
    h("td", { class: "named" }, h("a", { class: "row", href: `#/messages${api.query({ scheduleId: id })}` }, id),
      h("div", {}, h("code", {}, schedule.cron)), schedule.isPaused ? h("span", { class: "badge held" }, "Paused") : ""),
    cell("Destination", { class: "url" }, called(schedule.method, schedule.destination)),
    cell("Next five runs", {}, schedule.ticks.length
      ? h("ol", { class: "ticks" }, schedule.ticks.map((tick, index) => h("li", {}, tickIn(tick, zoneOf(schedule.cron)), index ? "" : [" ", age(tick)])))
      : h("span", { class: "quiet" }, schedule.isPaused ? "paused" : "none")),
    cell("Last run", {}, lastRun(schedule)),
    h("td", { class: "actions" },
      button(schedule.isPaused ? "Resume" : "Pause", pause, { class: "small" }),
      button("Run now", run, { class: "small" }),
      button("Delete", remove, { class: "small danger" })),
  );
}

function lastRun(schedule) {
  if (schedule.error) return h("span", { class: "bad" }, schedule.error);
  if (!schedule.lastScheduleTime) return h("span", { class: "quiet" }, "never");
  const states = Object.entries(schedule.lastScheduleStates ?? {}).map(([messageId, state]) => {
    const [kind, word] = WORDS[state] ?? ["", state];
    return h("a", { class: `badge ${kind}`, href: `#/messages/${encodeURIComponent(messageId)}` }, word);
  });
  return [age(schedule.lastScheduleTime), " ", states];
}
