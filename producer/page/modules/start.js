// @ts-check
// The page, part by part. If a part cannot be shown, it says so, and the other parts are shown.

import { confidenceSection } from "./confidence.js";
import { differenceSection } from "./difference.js";
import { h } from "./elements.js";
import { factsSection } from "./facts.js";
import { groups } from "./model.js";
import { outcomesSection } from "./outcomes.js";
import { cpuSection, runSection, timeSection } from "./plots.js";
import { separatesSection } from "./separates.js";
import { classesSection, failuresSection, verdictHead } from "./verdict.js";

/** @typedef {[id: string, title: string, note: string, make: () => Node]} Section */

/** @type {Section[]} */
const SECTIONS = [
  ["classes", "Classes", "Copies with equal digests are a class, named by their frequency.", classesSection],
  [
    "separates",
    "What separates",
    "Facts whose values go with the classes. A fact separates perfectly if each of its values has only one class.",
    separatesSection,
  ],
  ["facts", "Classes by fact", "Choose a fact; sort by any header; type to filter.", factsSection],
  ["time", "Over time", "Each mark is the outcome of a copy, at its start.", timeSection],
  ["cpu", "By CPU", "Which classes each kind of CPU gave.", cpuSection],
  ["run-time", "Run time", "How long the calculation took, by class.", runSection],
  [
    "difference",
    "Numeric difference",
    "1 ULP is the step from one floating-point number to the next.",
    differenceSection,
  ],
  ["outcomes", "Raw facts", "All that was recorded of every outcome.", outcomesSection],
  ["failures", "Failures", "Copies that gave no digest, and why.", failuresSection],
];

/** @param {Section} section */
function section([id, title, note, make]) {
  const name = `${id}-title`;
  return h(
    "section.part",
    { id, "aria-labelledby": name },
    h("div.side", {}, h("h2", { id: name }, title), h("p.note", {}, note)),
    h("div.content", {}, made(title, make)),
  );
}

/**
 * What `make` makes, or a message if it fails.
 *
 * @param {string} title
 * @param {() => Node} make
 */
function made(title, make) {
  try {
    return make();
  } catch (error) {
    console.error(error);
    return h(
      "p.empty",
      { role: "alert" },
      `“${title}” could not be shown: ${error instanceof Error ? error.message : error}`,
    );
  }
}

/** @type {Section} */
const SURE = [
  "confidence",
  "How sure",
  "What the number of copies and sandboxes allows one to say.",
  confidenceSection,
];
const contents = h(
  "nav",
  { "aria-label": "Contents" },
  h(
    "ul",
    {},
    [...SECTIONS, SURE].map(([id, title]) => h("li", {}, h("a", { href: `#${id}` }, title))),
  ),
);

// If there are many columns of counts, they are narrow.
if (groups.length > 4) document.body.classList.add("crowded");
document.getElementById("report")?.append(made("The verdict", verdictHead), contents, ...SECTIONS.map(section));
document.body.append(h("footer", {}, section(SURE)));
