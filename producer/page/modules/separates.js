// @ts-check
// What separates the classes: facts whose values go with the classes, each with its test.

import { h, scrollBox } from "./elements.js";
import { explanation } from "./explanation.js";
import { counted, probability } from "./format.js";
import { countCell, groupHead } from "./marks.js";
import { classes, FAILED, groupOf, groups } from "./model.js";
import { captionOf } from "./table.js";
import { factValue } from "./values.js";

/** @import { Separator, SeparatorValue } from "./explanation.js" */
/** @import { Group } from "./model.js" */

const SEPARATORS_SHOWN = 5;
const VALUES_SHOWN = 6;

export function separatesSection() {
  const { attribution } = explanation;
  if (classes.length < 2) {
    return h(
      "p.empty",
      {},
      classes.length ? "All digests are equal, so there is nothing to separate." : "There is no digest to separate.",
    );
  }
  if (!attribution) return h("p.empty", {}, "The facts of the copies were not compared.");
  const { separators = [], patterns = [], splits = [] } = attribution;
  const found = [
    ...patterns.map((pattern) => pattern.statement),
    ...splits.map((split) => split.statement ?? split.by),
  ];
  const tested =
    `${counted(attribution.facts_tested, "fact")} that ${attribution.facts_tested === 1 ? "varies was" : "vary were"} tested over ` +
    `${counted(attribution.copies, "copy", "copies")}; ${counted(attribution.facts_constant, "other")} had the same value everywhere.`;
  return h(
    "div",
    {},
    found.length
      ? h(
          "ul.splits",
          {},
          found.map((statement) => h("li", {}, statement)),
        )
      : null,
    separators.length ? separatorTable(separators) : h("p.empty", {}, "No recorded fact goes with the classes."),
    h("p.note", {}, tested),
  );
}

/** @param {Separator[]} separators */
function separatorTable(separators) {
  const shownGroups = groups.filter((group) => group.label !== FAILED);
  const head = h(
    "tr",
    {},
    h("th", { scope: "col" }, "Fact and value"),
    shownGroups.map((group) => h("th.num", { scope: "col" }, groupHead(group))),
  );
  const bodies = separators.map((each) => separatorBody(each, shownGroups));
  bodies.slice(SEPARATORS_SHOWN).forEach((body) => {
    body.hidden = true;
  });
  const caption = "Facts by class: copies with each value; facts in one heading split the copies identically";
  const table = h("table.separators", {}, captionOf(caption), h("thead", {}, head), bodies);
  return h("div", {}, scrollBox(caption, table), moreButton(bodies));
}

/**
 * The button that shows the rows of weaker facts, or hides them.
 *
 * @param {HTMLElement[]} bodies
 */
function moreButton(bodies) {
  const more = bodies.length - SEPARATORS_SHOWN;
  if (more <= 0) return null;
  const button = h("button.more", { type: "button", "aria-expanded": "false" });
  /** @param {boolean} open */
  const draw = (open) => {
    bodies.slice(SEPARATORS_SHOWN).forEach((body) => {
      body.hidden = !open;
    });
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? "Show only the strongest" : `Show ${counted(more, "weaker fact")} too`;
  };
  draw(false);
  button.addEventListener("click", () => draw(button.getAttribute("aria-expanded") === "false"));
  return button;
}

/**
 * @param {Separator} separator
 * @param {Group[]} shownGroups
 */
function separatorBody(separator, shownGroups) {
  const names = separator.facts.flatMap((name, index) => [
    index ? h("span.and", {}, " and ") : null,
    h("code", {}, name),
  ]);
  const title = h(
    "th",
    { scope: "rowgroup", colspan: shownGroups.length + 1 },
    h("span.sticky", {}, h("span.facts", {}, names), " ", verdictOfTest(separator)),
  );
  const shown = separator.values.slice(0, VALUES_SHOWN).map((row) => valueRow(row, shownGroups));
  const rest = separator.values.length - VALUES_SHOWN;
  const more =
    rest > 0
      ? h("tr", {}, h("td.note", { colspan: shownGroups.length + 1 }, `and ${counted(rest, "other value")}, see below`))
      : null;
  return h(separator.significant ? "tbody" : "tbody.weak", {}, h("tr.group", {}, title), shown, more);
}

/**
 * Whether the facts separate the classes, and how probable such a split is by chance.
 *
 * @param {Separator} separator
 */
function verdictOfTest({ perfect, significant, tested, consequence, exact, permuted, p, p_holm, not_seen, sandboxes }) {
  if (tested === false) return h("span.test", {}, h("span", {}, "not tested: equal values mean nothing here"));
  const words =
    perfect && significant && !consequence
      ? h("strong.perfect", {}, "separates perfectly")
      : h("span", {}, significant ? (consequence ? "follows the classes" : "goes with the classes") : "may be chance");
  const details = [`p ${exact === false ? "≤ " : ""}${probability(p)}`];
  if (p_holm !== null && p_holm !== undefined) {
    details.push(`${permuted ? "≤ " : ""}${probability(p_holm)} for all tests together`);
  }
  if (not_seen) details.push(`not seen in ${counted(not_seen, "copy", "copies")}`);
  if (sandboxes) {
    const how = sandboxes.within ? ["≤ ", "within"] : ["", "over"];
    details.push(`${how[0]}${probability(sandboxes.p)} ${how[1]} ${counted(sandboxes.n, "sandbox", "sandboxes")}`);
  }
  return h("span.test", {}, words, " · ", details.join(" · "));
}

/**
 * @param {SeparatorValue} row
 * @param {Group[]} shownGroups
 */
function valueRow({ value, classes: counts }, shownGroups) {
  const byGroup = new Array(groups.length).fill(0);
  for (const [label, copies] of Object.entries(counts)) byGroup[groupOf(label)] += copies;
  const values = value.flatMap((each, index) => [index ? h("span.and", {}, " and ") : null, factValue(each)]);
  const total = byGroup.reduce((sum, each) => sum + each, 0);
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, values),
    shownGroups.map((group) => h("td.num", {}, countCell(byGroup[groups.indexOf(group)], total, group))),
  );
}
