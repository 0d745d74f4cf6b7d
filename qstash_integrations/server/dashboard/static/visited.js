// Back leads to a place as it was left: the same view with its page and what was chosen there, scrolled alike, the same
// element in focus. What stands in the address is restored by the address alone, after a reload, too.

const MOST = 30; // views that are kept
const left = new Map(); // by the mark that an entry of the browser's history bears
let count = 0;
let here = null;

history.scrollRestoration = "manual";

// Before another view is shown; what the browser shows in its address is that of the next already.
export function leave(view) {
  if (!view || here === null) return;
  left.delete(here);
  left.set(here, { view, top: scrollY, focused: document.activeElement });
  if (left.size > MOST) left.delete(left.keys().next().value);
}

// The view that was left here, null where nobody was.
export function arrive() {
  here = history.state?.place ?? null;
  if (here === null) {
    here = `${performance.timeOrigin}.${(count += 1)}`;
    history.replaceState({ place: here }, "");
  }
  return left.get(here) ?? null;
}

export function restore(kept) {
  scrollTo(0, kept?.top ?? 0);
  if (kept?.view.element.contains(kept.focused)) kept.focused.focus({ preventScroll: true });
}

// A view changes its own address.
export const readdress = (hash) => history.replaceState(history.state, "", hash);
