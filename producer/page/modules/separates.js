// @ts-check
// What separates the classes: facts whose values go with the classes, each with its test.

import { h, scrollBox } from "./elements.js";
import { explanation } from "./explanation.js";
import { counted, probability, together } from "./format.js";
import { countCell, groupHead } from "./marks.js";
import { classes, FAILED, groupOf, groups } from "./model.js";
import { captionOf } from "./table.js";
import { factValue, leftOut } from "./values.js";

/** @import { Pattern, Separator, SeparatorValue, Split, UnitTest } from "./explanation.js" */
/** @import { Group } from "./model.js" */

const SEPARATORS_SHOWN = 5;
const SIGNIFICANCE_LEVEL = 0.05;
const VALUES_SHOWN = 6;

/** What stands for one draw of the environment, and several of it. */
const UNIT_NOUNS = explanation.unit === "machine" ? ["machine", "machines"] : ["sandbox", "sandboxes"];

export function separatesSection() {
  const { attribution } = explanation;
  if (classes.length < 2 || !attribution) return null;
  const { separators = [], patterns = [], splits = [] } = attribution;
  const found = [
    ...patterns.map((pattern) => h("li", {}, together(pattern.statement), " ", testOfPattern(pattern))),
    ...spread(splits).map((statement) => h("li", {}, together(statement))),
  ];
  const list = found.length ? h("ul.splits", {}, found) : null;
  const nothing = h("p.empty", {}, "No single fact goes with the classes beyond chance.");
  const isExplained = separators.some((each) => each.significant);
  const { facts_tested: varying, facts_constant: constant } = attribution;
  const same = constant ? `; ${counted(constant, "other")} had the same value everywhere` : "";
  const tested = varying
    ? `${counted(varying, "fact")} that ${varying === 1 ? "varies was" : "vary were"} tested over ${counted(attribution.copies, "copy", "copies")}${same}.`
    : `No fact varies: ${counted(constant, "fact")} had the same value everywhere.`;
  return h(
    "div",
    {},
    isExplained ? null : patterns.length ? [list, nothing] : [nothing, list],
    separators.length ? separatorTable(separators) : null,
    leftOut(explanation.left_out?.separators, "more fact"),
    h("p.note", {}, tested),
    isExplained && list ? [h("h3", {}, "What else goes with the classes"), list] : null,
  );
}

const NO_SIGN = "no sign that ";

/**
 * How the classes are spread over what is no fact. Where that is beyond chance, a pattern says so already; what shows no
 * sign is one sentence.
 *
 * @param {Split[]} splits
 */
function spread(splits) {
  const statements = splits.map((split) => ({
    text: split.statement ?? split.by,
    tested: typeof split.p === "number",
  }));
  const clean = statements.filter(({ text }) => text.startsWith(NO_SIGN)).map(({ text }) => text.slice(NO_SIGN.length));
  return [
    ...statements.filter(({ tested }) => !tested).map(({ text }) => text),
    ...(clean.length ? [NO_SIGN + clean.join(", nor that ")] : []),
  ];
}

/** @param {Pattern} pattern */
function testOfPattern({ consequence, p_corrected, permuted, sandboxes }) {
  if (p_corrected === undefined) return null;
  const details = [`${probability(p_corrected, permuted)} after correction`, ...testByUnit(sandboxes)];
  if (consequence) details.unshift("a consequence");
  return h("span.test", {}, `(${details.join(" · ")})`);
}

/**
 * The test that does not count copies of one sandbox, or of one machine, as independent.
 *
 * @param {UnitTest | null | undefined} test
 */
function testByUnit(test) {
  if (!test) return [];
  const p = test.p_holm ?? test.p;
  const units = counted(test.n, UNIT_NOUNS[0], UNIT_NOUNS[1]);
  const chance = p > SIGNIFICANCE_LEVEL ? ", maybe chance" : "";
  return [`${test.within ? "within" : "with one vote for each of"} ${units} ${probability(p, test.within)}${chance}`];
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
  const shown = separators.slice(0, SEPARATORS_SHOWN).filter((each) => each.significant).length;
  const caption = "Facts by class: copies with each value; facts in one heading split the copies identically";
  const table = h("table.separators", {}, captionOf(caption), h("thead", {}, head), bodies);
  const box = scrollBox(caption, table);
  return h("div", {}, box, moreButton(shown ? bodies.slice(shown) : [box], separators.length - shown, shown > 0));
}

/**
 * The button that shows further facts, or hides them.
 *
 * @param {HTMLElement[]} parts what holds these facts
 * @param {number} number how many facts there are
 * @param {boolean} hasStronger whether other facts are always shown
 */
function moreButton(parts, number, hasStronger) {
  if (!number) return null;
  const button = h("button.more", { type: "button", "aria-expanded": "false" });
  /** @param {boolean} open */
  const draw = (open) => {
    parts.forEach((part) => {
      part.hidden = !open;
    });
    button.setAttribute("aria-expanded", String(open));
    const facts = counted(
      number,
      hasStronger ? "weaker fact" : "fact that may be chance",
      hasStronger ? "weaker facts" : "facts that may be chance",
    );
    button.textContent = open ? `Hide ${facts}` : `Show ${facts}${hasStronger ? " too" : ""}`;
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
  const rest = Math.max(separator.values.length, separator.values_total ?? 0) - VALUES_SHOWN;
  const more =
    rest > 0
      ? h(
          "tr",
          {},
          h(
            "td.note",
            { colspan: shownGroups.length + 1 },
            `and ${counted(rest, "other value")}, see “Classes by fact”`,
          ),
        )
      : null;
  return h(
    separator.significant && !separator.consequence ? "tbody" : "tbody.weak",
    {},
    h("tr.group", {}, title),
    shown,
    more,
  );
}

/**
 * Whether the facts separate the classes, and how probable such a split is by chance. Each p-value is a corrected one.
 *
 * @param {Separator} separator
 */
function verdictOfTest({ perfect, significant, tested, consequence, permuted, p, p_holm, not_seen, sandboxes }) {
  if (tested === false) return h("span.test", {}, h("span", {}, "not tested: equal values mean nothing here"));
  const words =
    perfect && significant && !consequence
      ? h("strong.perfect", {}, "separates perfectly")
      : h("span", {}, significant ? (consequence ? "follows the classes" : "goes with the classes") : "may be chance");
  const details = [`${probability(p_holm ?? p, permuted)} after correction`];
  if (not_seen) details.push(`not seen in ${counted(not_seen, "copy", "copies")}`);
  details.push(...testByUnit(sandboxes));
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
