// URL groups: their endpoints, one more, one less.

import { nothingYet } from "./absent.js";
import * as api from "./api.js";
import { act, button, confirmed, h, redrawn } from "./dom.js";

export function groups() {
  const cards = h("div", { class: "cards" });
  const draw = redrawn(cards, (group) => group.name, (group) => groupCard(group, refresh));
  const empty = nothingYet("No URL groups. What is published to one goes to each of its endpoints.", "group");

  async function refresh() {
    const found = await api.get("/v2/topics");
    draw(found);
    empty.hidden = found.length > 0;
  }

  const element = h(
    "section",
    {},
    h("div", { class: "heading" }, h("h1", {}, "URL groups")),
    endpointForm(null, refresh),
    cards,
    empty,
  );
  return { title: "URL groups", element, refresh };
}

function groupCard(group, refresh) {
  const target = api.path`/v2/topics/${group.name}`;
  const remove = act(async () => {
    if (!(await confirmed(`Delete the URL group ${group.name}?`, "Delete"))) return false;
    await api.remove(target);
    await refresh();
  }, "Deleted");
  const less = (endpoint) => act(async () => {
    await api.remove(`${target}/endpoints`, { endpoints: [{ url: endpoint.url }] });
    await refresh();
  }, "Removed");
  return h(
    "div",
    { class: "card", "data-id": group.name },
    h("div", { class: "heading" }, h("h2", {}, group.name), h("span", { class: "grow" }),
      h("a", { class: "button small", href: `#/publish${api.query({ to: group.name })}` }, "Publish"),
      button("Delete", remove, { class: "small danger" })),
    h("table", {}, h("caption", { class: "unseen" }, `Endpoints of ${group.name}`), h("tbody", {},
      group.endpoints.map((endpoint) => h("tr", {}, h("td", {}, endpoint.name ?? ""), h("td", { class: "url" }, endpoint.url),
        h("td", { class: "actions" }, button("Remove", less(endpoint), { class: "small" })))))),
    endpointForm(group.name, refresh),
  );
}

function endpointForm(group, refresh) {
  const name = h("input", { "aria-label": "URL group", placeholder: "URL group", required: true, pattern: "[A-Za-z0-9._\\-]+", value: group ?? "" });
  const url = h("input", { type: "url", "aria-label": "Endpoint URL", placeholder: "https://…", required: true, class: "grow" });
  const label = h("input", { "aria-label": "Endpoint name", placeholder: "name, optional" });
  return h("form", {
    class: "joined",
    async onsubmit(event) {
      event.preventDefault();
      await act(async () => {
        const endpoint = { url: url.value, ...(label.value ? { name: label.value } : {}) };
        await api.post(api.path`/v2/topics/${name.value}/endpoints`, { endpoints: [endpoint] });
        url.value = label.value = "";
        await refresh();
      }, "Endpoint added")();
    },
  }, group === null && name, url, label, h("button", {}, group === null ? "Add" : "Add endpoint"));
}
