// Deliveries per second of the last ten minutes, stacked by outcome.

import * as api from "./api.js";
import { h, setText, svg } from "./dom.js";
import { now } from "./format.js";

const MINUTES = 10;
const BUCKET = 5; // seconds
const BARS = (MINUTES * 60) / BUCKET;
const WIDTH = BARS * 5;
const HEIGHT = 64;
const OUTCOMES = ["delivered", "retried", "failed"];
const NAMES = { delivered: "delivered", retried: "to be retried", failed: "failed for good" };

export function chart() {
  const seconds = new Map();
  const paths = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, svg("path", { class: outcome })]));
  const totals = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, h("b", {}, "0")]));
  const peak = h("span", { class: "quiet" });
  const picture = svg(
    "svg",
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" },
    svg("path", { class: "axis", d: `M0 ${HEIGHT - 0.5}H${WIDTH}` }),
    OUTCOMES.map((outcome) => paths[outcome]),
  );
  const legend = OUTCOMES.map((outcome) => h(
    "span", { class: "key" }, h("i", { class: outcome }), totals[outcome], ` ${NAMES[outcome]}`,
  ));
  const element = h(
    "figure",
    { class: "chart" },
    h("figcaption", {}, h("span", { class: "grow" }, "Attempts, last ten minutes"), legend, peak),
    picture,
  );

  async function refresh() {
    // What was known of the last seconds may have grown since.
    const last = Math.max(...seconds.keys());
    const fromDate = Number.isFinite(last) ? (last - 2) * 1000 : "";
    for (const one of await api.get(`/_local/seconds${api.query({ fromDate })}`)) seconds.set(one.time / 1000, one);
    draw();
  }

  function draw() {
    const end = Math.floor(now() / 1000 / BUCKET) + 1;
    const bars = Array.from({ length: BARS }, () => ({ delivered: 0, retried: 0, failed: 0 }));
    for (const [second, counts] of seconds) {
      const index = Math.floor(second / BUCKET) - end + BARS;
      if (index < 0) seconds.delete(second);
      else if (index < BARS) for (const outcome of OUTCOMES) bars[index][outcome] += counts[outcome];
    }
    const sum = (bar) => bar.delivered + bar.retried + bar.failed;
    const most = Math.max(...bars.map(sum));
    const levels = bars.map(() => HEIGHT - 1);
    for (const outcome of OUTCOMES) {
      paths[outcome].setAttribute("d", bars.map((bar, index) => {
        if (!bar[outcome]) return "";
        // Few among very many can still be seen.
        const height = Math.max((bar[outcome] / most) * (HEIGHT - 4), 1.5);
        levels[index] -= height;
        return `M${index * 5 + 0.5} ${levels[index]}h4v${height}h-4z`;
      }).join(""));
      setText(totals[outcome], bars.reduce((all, bar) => all + bar[outcome], 0).toLocaleString("en"));
    }
    const rate = most / BUCKET;
    setText(peak, most ? `peak ${rate < 10 ? rate.toFixed(1) : Math.round(rate)}/s` : "");
    picture.setAttribute("aria-label", OUTCOMES.map((one) => `${totals[one].textContent} ${NAMES[one]}`).join(", "));
  }

  return { element, refresh };
}
