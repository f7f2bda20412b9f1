// @ts-check
// The plots: digests over time, digests by kind of CPU, run times by class.

import { choice } from "./controls.js";
import { h, s } from "./elements.js";
import { count, counted, duration, isTime, NOT_RECORDED, shortValue, together, utc } from "./format.js";
import { classMark, round, tone } from "./marks.js";
import { allDiffer, cpuFact, factOf, factTable, groups, outcomes, separatingFacts } from "./model.js";
import { rowPlot } from "./plot.js";
import { bounds, durationScale, linear, timeTicks } from "./scales.js";
import { numberColumn, plainTable, sortableTable, textColumn } from "./table.js";
import { factValue } from "./values.js";

/** @import { Child } from "./elements.js" */
/** @import { Fact, FactRow, GroupedOutcome } from "./model.js" */
/** @import { Option } from "./controls.js" */

const PLOT_ROWS_MAX = 16;
const BARS_A_PAGE = 20;
const BY_CLASS = "class";
const FACT_PREFIX = "fact:";

/**
 * One line that describes an outcome.
 *
 * @param {GroupedOutcome} outcome
 * @returns {Child[]}
 */
function outcomeLine(outcome) {
  const facts = new Set([...(cpuFact ? [cpuFact] : []), ...separatingFacts.slice(0, 2)]);
  return [
    `Copy ${count(outcome.copy)} · `,
    classMark(outcome.class),
    ` · ${isTime(outcome.started_at_ms) ? `${utc(outcome.started_at_ms, 3)} UTC` : "start not recorded"}`,
    ` · ran ${duration(outcome.run_us)}`,
    outcome.failure ? ` · ${shortValue(outcome.failure)}` : "",
    ...[...facts].flatMap((name) => [" · ", h("span.fact", {}, `${name} `), factValue(factOf(outcome, name))]),
  ];
}

/**
 * The facts with at most so many values.
 *
 * @param {number} most
 */
function rowFacts(most) {
  return [...factTable.values()].filter((fact) => fact.values.length <= most && (fact.varies || fact.name === cpuFact));
}

/** @param {Fact[]} facts @returns {Option[]} */
function factOptions(facts) {
  return facts.map((fact) => [`${FACT_PREFIX}${fact.name}`, fact.name]);
}

/**
 * The fact that an option stands for, if it stands for one.
 *
 * @param {string} option
 */
function factOfOption(option) {
  return option.startsWith(FACT_PREFIX) ? factTable.get(option.slice(FACT_PREFIX.length)) : undefined;
}

/** @typedef {{ outcome: GroupedOutcome, at: number }} Timed an outcome and its value on the axis */

export function timeSection() {
  /** @type {Timed[]} */
  const timed = outcomes.flatMap((outcome) =>
    isTime(outcome.started_at_ms) ? [{ outcome, at: outcome.started_at_ms }] : [],
  );
  // One row of marks, or marks that all started at once, would say nothing.
  if (allDiffer || new Set(timed.map(({ outcome }) => outcome.group)).size < 2 || !differ(timed)) return null;
  const place = h("div");
  /** @param {string} by */
  const draw = (by) => place.replaceChildren(timePlot(timed, factOfOption(by)));
  draw(BY_CLASS);
  /** @type {Option[]} */
  const options = [[BY_CLASS, "class"], ...factOptions(rowFacts(PLOT_ROWS_MAX))];
  return h("div", { id: "time-plot" }, h("div.controls", {}, choice("Rows", options, BY_CLASS, draw), legend()), place);
}

/**
 * Whether there are two different values on the axis.
 *
 * @param {Timed[]} timed
 */
function differ(timed) {
  return timed.some(({ at }) => at !== timed[0].at);
}

function legend() {
  return h(
    "ul.legend",
    { "aria-label": "Marks" },
    groups.map((group) => h("li", {}, classMark(group.label))),
  );
}

/**
 * @param {Timed[]} timed
 * @param {Fact} [fact] the fact whose values are the rows; without it, rows are classes
 */
function timePlot(timed, fact) {
  const [least, most] = bounds(timed.map((each) => each.at));
  const rows = fact
    ? fact.values.map(({ value, total }) => ({ label: `${value ?? NOT_RECORDED}  ·  ${count(total)}` }))
    : groups.map((group, index) => ({
        label: `${group.label}  ·  ${count(outcomes.filter((each) => each.group === index).length)}`,
        mark: group.mark,
      }));
  const rowByValue = new Map(fact?.values.map(({ value }, index) => [value, index]));
  const points = timed.map(({ outcome, at }) => ({
    outcome,
    at,
    row: fact ? (rowByValue.get(factOf(outcome, fact.name)) ?? 0) : outcome.group,
  }));
  const rowsBy = fact ? `rows are values of ${fact.name}` : "rows are classes";
  return rowPlot({
    label: `Digests over time: ${counted(points.length, "outcome")}, ${rowsBy}`,
    axis: `Start of each copy, ${utc(least)} to ${utc(most)} UTC; ${rowsBy}; within a row, height has no meaning.`,
    rows,
    points,
    scale: linear(least, most),
    ticks: (width) => timeTicks(least, most, width),
    tell: outcomeLine,
  });
}

export function cpuSection() {
  if (allDiffer || cpuFact === null || !factTable.get(cpuFact)?.varies) return null;
  const facts = rowFacts(Infinity);
  const first = `${FACT_PREFIX}${cpuFact}`;
  const place = h("div");
  /** @param {string} by */
  const draw = (by) => place.replaceChildren(barTable(factOfOption(by) ?? facts[0]));
  draw(first);
  return h(
    "div",
    { id: "cpu-plot" },
    h("div.controls", {}, choice("Bars", factOptions(facts), first, draw), legend()),
    place,
  );
}

/** @param {Fact} fact */
function barTable(fact) {
  const most = Math.max(...fact.values.map((row) => row.total));
  return sortableTable({
    caption: `Copies by ${fact.name} and class; the length of a bar is the number of copies`,
    columns: [
      textColumn(
        "value",
        "Value",
        (row) => row.value,
        (row) => factValue(row.value),
      ),
      { key: "bar", label: "Classes", cell: (row) => stackedBar(row, most) },
      numberColumn("total", "Copies", (row) => row.total),
    ],
    rows: fact.values,
    size: BARS_A_PAGE,
    sort: { key: "total", down: true },
    noun: "values",
  }).node;
}

/**
 * The copies with one value as a bar with a part for each class. The longest bar has `most` copies.
 *
 * @param {FactRow} row
 * @param {number} most
 */
function stackedBar(row, most) {
  const present = groups
    .map((group, index) => ({ group, copies: row.counts[index] }))
    .filter((each) => each.copies > 0);
  let x = 0;
  const parts = present.map(({ group, copies }) => {
    const width = (copies / most) * 100;
    const part = s(`rect.${tone(group.mark)}`, {
      x: round(x),
      width: Math.max(0.4, round(width - 0.3)),
      height: 10,
    });
    x += width;
    return part;
  });
  const words = present.map(({ group, copies }) => h("li", {}, classMark(group.label), ` ${count(copies)}`));
  return h(
    "div.stacked",
    {},
    s("svg", { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, parts),
    h("ul", {}, words),
  );
}

export function runSection() {
  /** @type {Timed[]} */
  const ran = outcomes.flatMap((outcome) =>
    typeof outcome.run_us === "number" ? [{ outcome, at: outcome.run_us }] : [],
  );
  if (allDiffer || !ran.length || !differ(ran)) return null;
  const scale = durationScale(ran.map((each) => each.at));
  const shown = groups.flatMap((group, index) => {
    const box = fiveNumbers(ran.filter(({ outcome }) => outcome.group === index).map((each) => each.at));
    return box ? [{ group, index, box }] : [];
  });
  const rowOf = new Map(shown.map((each, row) => [each.index, row]));
  const plot = rowPlot({
    label: `Run times by class: ${counted(ran.length, "outcome")}`,
    axis: `Run time${scale.logarithmic ? ", on a logarithmic scale" : ""}: each mark is a copy; the box holds the middle half, the line in it is the median, the lines beside it reach the shortest and the longest run.`,
    rows: shown.map(({ group, box }) => ({
      label: `${group.label}  ·  ${count(box.n)}  ·  median ${duration(box.median)}`,
      mark: group.mark,
      box,
    })),
    points: ran.map(({ outcome, at }) => ({ outcome, at, row: rowOf.get(outcome.group) ?? 0 })),
    scale: scale.place,
    ticks: scale.ticks,
    tell: outcomeLine,
  });
  const labels = ["Shortest", together("25 %"), "Median", together("75 %"), "Longest"];
  const columns = [
    { label: "Class" },
    { label: "Copies", numeric: true },
    ...labels.map((label) => ({ label, numeric: true })),
  ];
  const rows = shown.map(({ group, box }) => [
    classMark(group.label),
    count(box.n),
    ...[box.min, box.p25, box.median, box.p75, box.max].map(duration),
  ]);
  return h("div", { id: "run-plot" }, plot, plainTable("Run times by class", columns, rows));
}

/**
 * The shortest run time, the quartiles by the nearest rank, and the longest; null if there are no values.
 *
 * @param {number[]} values
 */
function fiveNumbers(values) {
  if (!values.length) return null;
  const sorted = Float64Array.from(values).sort();
  /** @param {number} share */
  const at = (share) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  return {
    n: sorted.length,
    min: sorted[0],
    p25: at(0.25),
    median: at(0.5),
    p75: at(0.75),
    max: sorted[sorted.length - 1],
  };
}
