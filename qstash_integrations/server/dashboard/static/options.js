// Every option of a publish call, as the server's own table has them: the form, its headers, and what a message was given.

import { headersOf, inputsOf, link, shownOf, valuesOf as filledWith } from "./kinds.js";
import { OPTIONS } from "./option_table.js";

// What the page of a message says in its own words, or elsewhere.
const OWN = {
  method: () => null,
  schedule_id: (found) => link("scheduleId", found.scheduleId),
  retries: (found) => `${found.retried} of ${found.maxRetries}`,
  not_before: (found, shown) => (found.notBefore > found.createdAt ? shown : null),
};

export const QUEUE = OPTIONS.find((option) => option.kind === "queue").header;
export const CRON = OPTIONS.find((option) => option.kind === "cron").header;

// [name, inputs] of each group, in the table's order.
export const GROUPS = [...new Set(OPTIONS.map((option) => option.group))].map((group) => [
  group, OPTIONS.filter((option) => option.group === group).flatMap((option) => inputsOf(option, OPTIONS)),
]);

// The headers for what stands in the form, by the inputs' names. Values are UTF-8, as the server reads them.
export const headersFrom = (values) => OPTIONS.flatMap((option) => headersOf(option, values, OPTIONS))
  .map(([name, value]) => [name, utf8(value)]);

const utf8 = (value) => String.fromCharCode(...new TextEncoder().encode(value));

// What a message was published with, as values of the form; all but what decided when it was published.
export const valuesOf = (message) => Object.assign({}, ...OPTIONS
  .filter((option) => !option.once)
  .map((option) => filledWith(option, message)));

// [label, what to show] of the options that a message was given.
export const factsOf = (found) => OPTIONS
  .map((option) => {
    const shown = shownOf(option, found);
    return [option.label, shown === null || !OWN[option.name] ? shown : OWN[option.name](found, shown)];
  })
  .filter(([, shown]) => shown !== null);
