// Elements out of values. Text is only ever text: there is no way from here to markup, style or script.

const SVG = "http://www.w3.org/2000/svg";

// h("a", {href: "#/keys", class: "button", onclick: f}, "Keys"): children that are null or false are left out.
export function h(tag, attributes, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes, ...children) {
  return filled(document.createElementNS(SVG, tag), attributes, children);
}

function filled(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value" || name === "checked" || name === "disabled") element[name] = value;
    else element.setAttribute(name, checked(name, value === true ? "" : String(value)));
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// Links stay in the page: what a message says must not decide where a click leads.
function checked(name, value) {
  const leads = ["href", "src", "action", "formaction"].includes(name);
  if (name === "style" || (leads && !value.startsWith("#") && !value.startsWith("blob:"))) {
    throw new Error(`${name} may not be ${value.slice(0, 60)}`);
  }
  return value;
}

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// Keeps a container's children in step with items: make(item) gives {element, update(item)} for a key not seen before.
// What stays is not touched, so that focus, selection and scroll position survive.
export function list(container, keyOf, make) {
  const rows = new Map();
  return (items) => {
    const keys = new Set(items.map(keyOf));
    for (const [key, row] of rows) {
      if (!keys.has(key)) {
        row.element.remove();
        rows.delete(key);
      }
    }
    let place = container.firstElementChild;
    for (const item of items) {
      const key = keyOf(item);
      if (!rows.has(key)) rows.set(key, make(item));
      const { element, update } = rows.get(key);
      update?.(item);
      if (element === place) place = place.nextElementSibling;
      else container.insertBefore(element, place);
    }
  };
}

// As list, for rows that are simply made again when their item changed.
export function redrawn(container, keyOf, draw) {
  return list(container, keyOf, (first) => {
    const element = draw(first);
    let shown = JSON.stringify(first);
    return {
      element,
      update(item) {
        const now = JSON.stringify(item);
        // What somebody is typing into waits until they are done.
        if (now === shown || element.querySelector("input:not([type=checkbox]):focus")) return;
        shown = now;
        const focused = focusables(element).indexOf(document.activeElement);
        const fresh = draw(item);
        element.className = fresh.className;
        element.replaceChildren(...fresh.childNodes);
        if (focused >= 0) focusables(element)[focused]?.focus();
      },
    };
  });
}

const focusables = (element) => [...element.querySelectorAll("a, button, input, select, summary")];

export function table(caption, columns, body) {
  const head = columns.map((column) => {
    const [name, kind] = Array.isArray(column) ? column : [column, null];
    return h("th", { scope: "col", class: kind }, name || h("span", { class: "unseen" }, "Actions"));
  });
  return h(
    "div",
    { class: "scroll" },
    h("table", {}, h("caption", { class: "unseen" }, caption), h("thead", {}, h("tr", {}, head)), body),
  );
}

export function button(label, onclick, attributes) {
  return h("button", { type: "button", onclick, ...attributes }, label);
}

// Not for ever: a notice of success goes away, one of failure can be read in peace.
export function notice(text, isError = false, link = null) {
  const element = h(
    "div",
    { class: isError ? "notice bad" : "notice", role: isError ? "alert" : null },
    h("span", {}, text, link && ". ", link),
    button("×", () => element.remove(), { class: "plain", "aria-label": "Dismiss" }),
  );
  document.getElementById("notices").append(element);
  setTimeout(() => element.remove(), isError ? 20000 : 4000);
}

// Runs what a button stands for, not twice at a time, and says what went wrong.
export function act(work, done) {
  let isBusy = false;
  return async () => {
    if (isBusy) return;
    isBusy = true;
    try {
      const result = await work();
      if (result === false) return;
      if (done) notice(done);
    } catch (error) {
      notice(error.message, true);
    } finally {
      isBusy = false;
    }
  };
}

export function confirmed(question, verb) {
  return new Promise((resolve) => {
    const dialog = h(
      "dialog",
      { onclose: () => (dialog.remove(), resolve(dialog.returnValue === "yes")) },
      h("p", {}, question),
      h(
        "div",
        { class: "actions" },
        button("Cancel", () => dialog.close("no")),
        button(verb, () => dialog.close("yes"), { class: "danger" }),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
  });
}

export const copy = (text) => act(() => navigator.clipboard.writeText(text()), "Copied");
