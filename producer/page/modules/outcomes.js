// @ts-check
// Every outcome with all of its facts.

import { choice, filterBox, toggle } from "./controls.js";
import { h } from "./elements.js";
import { explanation } from "./explanation.js";
import { duration, isTime, shortValue, utc } from "./format.js";
import { classMark } from "./marks.js";
import {
  classByLabel,
  cpuFact,
  environments,
  FAILED,
  factOf,
  factsOf,
  factTable,
  groups,
  outcomes,
  separatingFacts,
  varyingFacts,
} from "./model.js";
import { numberColumn, placeColumn, sortableTable, textColumn, wordsOf } from "./table.js";
import { factValue, leftOut } from "./values.js";

/** @import { Facts } from "./explanation.js" */
/** @import { GroupedOutcome } from "./model.js" */
/** @import { Option } from "./controls.js" */
/** @import { Column } from "./table.js" */

/** @typedef {(row: GroupedOutcome, button: HTMLElement) => void} Toggle shows or hides all facts of an outcome */

const OUTCOMES_A_PAGE = 100;
const COLUMNS_AT_FIRST = 3;
const ANY_CLASS = "any";

export function outcomesSection() {
  if (!outcomes.length) return null;
  /** @type {Set<GroupedOutcome>} the outcomes with all of their facts shown */
  const open = new Set();
  const state = { wanted: "", group: ANY_CLASS, facts: firstColumns() };
  const table = sortableTable({
    caption: "Outcomes of all copies",
    columns: outcomeColumns(state.facts, open, (row, button) => toggleFacts(row, button)),
    rows: outcomes,
    size: OUTCOMES_A_PAGE,
    sort: { key: "copy" },
    noun: "outcomes",
    counts: true,
    detail: (row) => (open.has(row) ? factList(row) : null),
  });
  /** @type {Toggle} */
  const toggleFacts = (row, button) => {
    const hasFocus = document.activeElement === button;
    if (!open.delete(row)) open.add(row);
    table.redraw();
    if (hasFocus) focusButton(row);
  };
  const columns = () => table.columns(outcomeColumns(state.facts, open, toggleFacts));
  const update = () => table.show(matching(state));
  /** @type {Option[]} */
  const options = groups.map((group, index) => [String(index), group.label]);
  return h(
    "div.long",
    { id: "outcome-table" },
    h(
      "div.controls",
      {},
      filterBox("Filter", (wanted) => {
        state.wanted = wanted;
        update();
      }),
      choice("Class", [[ANY_CLASS, "any"], ...options], ANY_CLASS, (group) => {
        state.group = group;
        update();
      }),
    ),
    factTable.size ? columnChooser(state.facts, columns) : null,
    table.node,
    leftOut(explanation.left_out?.outcomes, "more outcome"),
  );
}

/**
 * Moves the focus to the button of an outcome, which was drawn again.
 *
 * @param {GroupedOutcome} row
 */
function focusButton(row) {
  const selector = `#outcome-table [data-copy="${Number(row.copy)}-${Number(row.attempt)}"]`;
  /** @type {HTMLElement | null} */
  const button = document.querySelector(selector);
  button?.focus();
}

/** The day on which all outcomes started, or null. */
const oneDay = (() => {
  const starts = outcomes.map((each) => each.started_at_ms).filter(isTime);
  const days = new Set(starts.map((ms) => utc(ms).split(" ")[0]));
  return days.size === 1 ? [...days][0] : null;
})();

/** The facts that are columns at first: those that say most about the classes. */
function firstColumns() {
  const wanted = [...separatingFacts, cpuFact ?? "", "sandbox.id", ...varyingFacts.map((fact) => fact.name)];
  return new Set([...new Set(wanted)].filter((name) => factTable.get(name)?.varies).slice(0, COLUMNS_AT_FIRST));
}

/**
 * @param {Set<string>} chosen
 * @param {() => void} changed
 */
function columnChooser(chosen, changed) {
  const switches = [...factTable.keys()].map((name) =>
    toggle(name, chosen.has(name), (on) => {
      if (on) chosen.add(name);
      else chosen.delete(name);
      changed();
    }),
  );
  return h(
    "details.columns",
    { "aria-label": "Facts as columns" },
    h("summary", {}, "Facts as columns"),
    h("div", {}, switches),
  );
}

/**
 * @param {Set<string>} facts
 * @param {Set<GroupedOutcome>} open
 * @param {Toggle} toggleFacts
 * @returns {Column<GroupedOutcome>[]}
 */
function outcomeColumns(facts, open, toggleFacts) {
  /** @param {GroupedOutcome} row */
  const reason = (row) =>
    row.failure === null ? "–" : h("span.reason", { title: row.failure }, shortValue(row.failure));
  /** @param {GroupedOutcome} row */
  const attemptOf = (row) => row.attempt;
  /** @param {GroupedOutcome} row */
  const environmentOf = (row) => row.environment;
  const started = oneDay ? `Started (${oneDay} UTC)` : "Started (UTC)";
  return [
    placeColumn("copy", "Copy", (row) => row.copy),
    textColumn(
      "class",
      "Class",
      (row) => row.group,
      (row) => classMark(row.class),
    ),
    textColumn(
      "started",
      started,
      (row) => row.started_at_ms,
      (row) => startElement(row.started_at_ms),
    ),
    numberColumn("run", "Run", (row) => row.run_us, duration),
    ...(outcomes.some((each) => each.attempt > 1) ? [placeColumn("attempt", "Attempt", attemptOf)] : []),
    ...(environments.length > 1 ? [placeColumn("environment", "Environment", environmentOf)] : []),
    ...(outcomes.some((each) => each.failure !== null)
      ? [textColumn("failure", "Failure", (row) => row.failure, reason)]
      : []),
    ...[...facts].map((name) =>
      /** @type {typeof textColumn<GroupedOutcome>} */ (textColumn)(
        `fact:${name}`,
        name,
        (row) => factOf(row, name),
        (row) => factValue(factOf(row, name)),
      ),
    ),
    { key: "more", label: "Facts", cell: (row) => moreFactsButton(row, open.has(row), toggleFacts) },
  ];
}

/**
 * The button that shows or hides all facts of an outcome.
 *
 * @param {GroupedOutcome} row
 * @param {boolean} shown
 * @param {Toggle} toggleFacts
 */
function moreFactsButton(row, shown, toggleFacts) {
  const state = { "aria-expanded": String(shown), "aria-label": `All facts of copy ${row.copy}` };
  const button = h(
    "button.more",
    { type: "button", "data-copy": `${row.copy}-${row.attempt}`, ...state },
    shown ? "hide" : "all",
  );
  button.addEventListener("click", () => toggleFacts(row, button));
  return button;
}

/** @param {number | null} ms */
function startElement(ms) {
  if (!isTime(ms)) return "–";
  const local = new Date(ms).toLocaleString();
  return h(
    "time",
    { datetime: new Date(ms).toISOString(), title: `local: ${local}` },
    utc(ms, 3).slice(oneDay ? oneDay.length + 1 : 0),
  );
}

/** @param {GroupedOutcome} outcome */
function factList(outcome) {
  const digest = classByLabel.get(outcome.class ?? FAILED)?.digest;
  const facts = factsOf(outcome).map(([name, value]) =>
    h("div", {}, h("dt", {}, name), h("dd", {}, h("code", {}, value))),
  );
  return h(
    "div",
    {},
    digest ? h("p", {}, "Digest ", h("code.whole", {}, digest)) : null,
    outcome.failure === null ? null : h("p", {}, "Failure: ", h("span.reason", {}, outcome.failure)),
    facts.length ? h("dl.facts", {}, facts) : h("p.empty", {}, "No facts were recorded."),
  );
}

/**
 * What a filter searches.
 *
 * @param {Facts | undefined} facts
 */
const factText = (facts) =>
  Object.entries(facts ?? {})
    .map(([name, value]) => `${name}=${value}`)
    .join("\n")
    .toLowerCase();
// The facts of an environment are one text for all outcomes that ran in it.
const environmentTexts = environments.map((environment) => factText(environment.facts));
/** @type {WeakMap<GroupedOutcome, string>} */
const outcomeTexts = new WeakMap();

/** @param {GroupedOutcome} outcome */
function outcomeText(outcome) {
  let text = outcomeTexts.get(outcome);
  if (text === undefined) {
    const digest = classByLabel.get(outcome.class ?? FAILED)?.digest ?? "";
    text =
      `copy=${outcome.copy}\nclass=${outcome.class ?? FAILED}\n${digest}\n${outcome.failure ?? ""}\nenvironment=${outcome.environment}\n${factText(outcome.facts)}`.toLowerCase();
    outcomeTexts.set(outcome, text);
  }
  return text;
}

/** @param {{ wanted: string, group: string }} filter */
function matching({ wanted, group }) {
  const words = wordsOf(wanted);
  const inEnvironment = words.map((word) => environmentTexts.map((text) => text.includes(word)));
  return outcomes.filter(
    (outcome) =>
      (group === ANY_CLASS || outcome.group === Number(group)) &&
      words.every(
        (word, index) => isIn(inEnvironment[index], outcome.environment) || outcomeText(outcome).includes(word),
      ),
  );
}

/**
 * @param {boolean[]} environments
 * @param {number | null} environment
 */
function isIn(environments, environment) {
  return environment !== null && environments[environment];
}
