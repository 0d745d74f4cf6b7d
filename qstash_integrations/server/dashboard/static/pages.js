// A list that comes in pages, and the filters that narrow it down.

import { query } from "./api.js";
import { act, button, h } from "./dom.js";
import { readdress } from "./visited.js";

const SOON = 30; // milliseconds after the last key

// ask(cursor, isCurrent) gives a page with the cursor of the next one, if there is any; draw(page, isFirst) shows it.
export function pages(ask, draw) {
  const cursors = [""]; // of the pages that were gone through, the one shown last
  const newer = button("← Newer", act(() => (cursors.pop(), load())));
  const older = button("Older →", act(() => (cursors.push(older.dataset.cursor), load())));
  let asked = 0;

  async function load() {
    const number = (asked += 1);
    const isCurrent = () => number === asked;
    const page = await ask(cursors.at(-1), isCurrent);
    // An answer that was overtaken says what nobody asks any more.
    if (!isCurrent()) return;
    older.dataset.cursor = page.cursor ?? "";
    older.disabled = !page.cursor;
    newer.disabled = cursors.length === 1;
    draw(page, cursors.length === 1);
  }

  function restart() {
    cursors.splice(0, cursors.length, "");
    return load();
  }

  return { element: h("div", { class: "actions pages" }, newer, older), older, load, restart };
}

// To be called when a filter has changed: it stands in the address of the view, and is asked for after the last key.
export function narrowing(view, wanted, restart) {
  let timer = null;
  let address = location.hash;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      // Somebody has gone on meanwhile, and is not to be brought back.
      if (location.hash !== address) return;
      readdress(`#/${view}${query(wanted)}`);
      address = location.hash;
      act(restart)();
    }, SOON);
  };
}
