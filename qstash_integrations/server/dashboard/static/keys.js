// The signing keys, and the block of settings that an app needs to talk to this server.

import * as api from "./api.js";
import { act, button, confirmed, copy, h } from "./dom.js";
import { secret } from "./content.js";

export function keys() {
  const block = h("div", { class: "card" });
  const element = h("section", {}, h("div", { class: "heading" }, h("h1", {}, "Keys")), block, rotation(refresh));
  let shown = "";

  async function refresh() {
    const found = await api.get("/v2/keys");
    const now = JSON.stringify(found);
    if (now === shown) return;
    shown = now;
    const settings = {
      QSTASH_URL: location.origin,
      QSTASH_TOKEN: api.token(),
      QSTASH_CURRENT_SIGNING_KEY: found.current,
      QSTASH_NEXT_SIGNING_KEY: found.next,
    };
    const text = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join("");
    block.replaceChildren(
      h("div", { class: "heading" }, h("h2", {}, "Environment of your app"), h("span", { class: "grow" }),
        button("Copy all", copy(() => text), { class: "primary" })),
      h("dl", { class: "facts settings" }, Object.entries(settings).map(([name, value]) => [
        h("dt", {}, h("code", {}, name)),
        h("dd", {}, name === "QSTASH_URL" ? h("code", {}, value) : secret(value, name)),
      ])),
    );
  }

  return { title: "Keys", element, refresh };
}

function rotation(refresh) {
  const rotate = act(async () => {
    const question = "Rotate the signing keys? The next key becomes the current one. Apps keep working, as they have both;"
      + " update their settings before you rotate again.";
    if (!(await confirmed(question, "Rotate"))) return false;
    await api.post("/v2/keys/rotate");
    await refresh();
  }, "Rotated: copy the new settings into your app");
  return h(
    "div",
    { class: "card" },
    h("h2", {}, "Rotate"),
    h("p", {}, "The next key becomes the current one, and a new next key is made. Try here whether your app survives it."),
    h("div", { class: "actions" }, button("Rotate keys", rotate, { class: "danger" })),
  );
}
