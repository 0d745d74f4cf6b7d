// Light or dark: as the system says, unless somebody chose.

import { setText } from "./dom.js";

const KEPT = "qstash-theme";
const CHOICES = ["auto", "light", "dark"];
const SIGNS = { auto: "◐", light: "☀", dark: "☾" };

export function startTheme(button) {
  let choice = CHOICES.includes(localStorage.getItem(KEPT)) ? localStorage.getItem(KEPT) : "auto";
  const apply = () => {
    document.documentElement.dataset.theme = choice;
    setText(button, SIGNS[choice]);
    button.setAttribute("aria-label", `Colours: ${choice}`);
    button.title = `Colours: ${choice}`;
  };
  button.addEventListener("click", () => {
    choice = CHOICES[(CHOICES.indexOf(choice) + 1) % CHOICES.length];
    localStorage.setItem(KEPT, choice);
    apply();
  });
  apply();
}
