// @ts-check
// The page, part by part. A part that has nothing to say is left out. If a part cannot be shown, it says so, and the other
// parts are shown.

import { artifactsSection } from "./artifacts.js";
import { confidenceSection } from "./confidence.js";
import { differenceSection } from "./difference.js";
import { h } from "./elements.js";
import { factsSection } from "./facts.js";
import { together } from "./format.js";
import { groups } from "./model.js";
import { outcomesSection } from "./outcomes.js";
import { cpuSection, runSection, timeSection } from "./plots.js";
import { separatesSection } from "./separates.js";
import { classesSection, failuresSection, verdictHead } from "./verdict.js";

/** @typedef {[id: string, title: string, note: string, make: () => Node | null]} Section `make` gives null if there is nothing to say */

/** @type {Section[]} */
const SECTIONS = [
  ["classes", "Classes", "Copies with equal digests are a class. A is the most frequent.", classesSection],
  ["failures", "Failures", "Runs that gave no digest, and why.", failuresSection],
  [
    "separates",
    "What separates",
    "Facts whose values go with the classes. A fact separates perfectly if each of its values has only one class.",
    separatesSection,
  ],
  [
    "difference",
    "Numeric difference",
    "1 ulp is the step from one floating-point number to the next.",
    differenceSection,
  ],
  ["artifacts", "Artifacts", "The files that each copy wrote, compared one by one.", artifactsSection],
  ["facts", "Classes by fact", "Choose a fact; sort by any header; type to filter.", factsSection],
  ["time", "Over time", "Each mark is the outcome of a copy, at its start.", timeSection],
  ["cpu", "By CPU", "Which classes each kind of CPU gave.", cpuSection],
  ["run-time", "Run time", "How long the calculation took, by class.", runSection],
  ["outcomes", "Outcomes", "All that was recorded of every run.", outcomesSection],
];

/** @type {Section} */
const SURE = ["confidence", "How sure", "What the number of copies allows one to say.", confidenceSection];

/**
 * A part of the page; nothing if it has nothing to say.
 *
 * @param {Section} section
 */
function section([id, title, note, make]) {
  const content = made(title, make);
  if (!content) return [];
  const name = `${id}-title`;
  const node = h(
    "section.part",
    { id, "aria-labelledby": name },
    h("div.side", {}, h("h2", { id: name }, title), h("p.note", {}, together(note))),
    h("div.content", {}, content),
  );
  return [{ id, title, node }];
}

/**
 * What `make` makes, or a message if it fails.
 *
 * @param {string} title
 * @param {() => Node | null} make
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

const parts = SECTIONS.flatMap(section);
const sure = section(SURE);
const contents = h(
  "nav",
  { "aria-label": "Contents" },
  h(
    "ul",
    {},
    [...parts, ...sure].map(({ id, title }) => h("li", {}, h("a", { href: `#${id}` }, title))),
  ),
);

// If there are many columns of counts, they are narrow.
if (groups.length > 4) document.body.classList.add("crowded");
const head = made("The verdict", verdictHead) ?? "";
document.getElementById("report")?.append(head, contents, ...parts.map(({ node }) => node));
document.body.append(
  h(
    "footer",
    {},
    sure.map(({ node }) => node),
  ),
);
