// When a cron expression comes true, in its own zone, and in the viewer's where that is another one.

import * as api from "./api.js";
import { h } from "./dom.js";
import { moment } from "./format.js";

const SOON = 150; // milliseconds after the last key

export const zoneOf = (cron) => cron.match(/^\s*(?:CRON_TZ|TZ)=(\S+)\s/)?.[1] ?? "UTC";

// In the schedule's zone, and what that is here.
export function tickIn(at, zone) {
  const there = momentIn(at, zone);
  const here = moment(at);
  return there === here ? there : `${there} (${timeHere(at)} here)`;
}

const timeHere = (at) => new Date(at).toLocaleString([], {
  weekday: "short", hour: "2-digit", minute: "2-digit", hour12: false, timeZoneName: "short",
});

function momentIn(at, zone) {
  try {
    return moment(at, zone);
  } catch {
    return moment(at, "UTC"); // of a zone that only the server knows
  }
}

// Below an input for cron expressions: the next runs, or what is wrong, as the server itself says it.
export function preview(input) {
  const element = h("div", { class: "ticks", role: "status" });
  let timer = null;
  let asked = 0;
  async function ask() {
    const number = (asked += 1);
    const cron = input.value.trim();
    const shown = cron ? await runs(cron) : [];
    if (number === asked) element.replaceChildren(...shown);
  }
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(ask, SOON);
  });
  return element;
}

async function runs(cron) {
  try {
    const { ticks } = await api.get(`/_local/cron${api.query({ cron })}`);
    return ticks.map((tick) => h("div", {}, tickIn(tick, zoneOf(cron))));
  } catch (error) {
    return [h("p", { class: "bad" }, error.message)];
  }
}
