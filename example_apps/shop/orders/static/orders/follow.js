// The page of an order fills in by itself, as long as something is on its way.
const STEPS = "ol.steps";

async function follow() {
  const answer = await fetch(location.href);
  if (answer.ok) {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const [shown, found] = [document, page].map((from) => from.querySelector(STEPS));
    if (shown.innerHTML !== found.innerHTML) shown.replaceChildren(...found.childNodes);
    if (!("waits" in found.dataset)) return;
  }
  setTimeout(follow, 2000);
}

if ("waits" in document.querySelector(STEPS).dataset) setTimeout(follow, 1000);
