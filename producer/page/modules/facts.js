// @ts-check
// The table of copies by fact, value and class, for a fact that the reader chooses.

import { choice, filterBox, toggle } from "./controls.js";
import { h } from "./elements.js";
import { count, NOT_RECORDED } from "./format.js";
import { countCell, groupHead } from "./marks.js";
import { factTable, groups, separatingFacts, varyingFacts } from "./model.js";
import { numberColumn, sortableTable, textColumn, wordsOf } from "./table.js";
import { factValue } from "./values.js";

/** @import { FactRow } from "./model.js" */
/** @import { Option } from "./controls.js" */
/** @import { Column } from "./table.js" */

/** @typedef {FactRow & { name: string, place: number }} NamedRow a row with its fact and its place in the whole list */
/** @typedef {{ fact: string, constant: boolean, wanted: string }} Filter which rows are shown */

const FACT_ROWS_A_PAGE = 50;
const EVERY_FACT = "every";

export function factsSection() {
  if (!factTable.size) return null;
  const constants = factTable.size - varyingFacts.length;
  /** @type {Filter} */
  const state = {
    fact: separatingFacts.length ? `fact:${separatingFacts[0]}` : EVERY_FACT,
    constant: !varyingFacts.length,
    wanted: "",
  };
  const table = sortableTable({
    caption: "Copies by fact, value and class",
    columns: factColumns(),
    rows: /** @type {NamedRow[]} */ ([]),
    size: FACT_ROWS_A_PAGE,
    sort: { key: "fact" },
    noun: "values",
    counts: true,
  });
  const facts = h("div");
  const update = () => table.show(factRows(state));
  const drawChoice = () => {
    const options = factOptions(state.constant);
    if (!options.some(([value]) => value === state.fact)) state.fact = EVERY_FACT;
    /** @param {string} value */
    const chosen = (value) => {
      state.fact = value;
      update();
    };
    facts.replaceChildren(choice("Fact", options, state.fact, chosen));
  };
  drawChoice();
  update();
  return h(
    "div.long",
    { id: "fact-table" },
    h(
      "div.controls",
      {},
      facts,
      filterBox("Filter", (wanted) => {
        state.wanted = wanted;
        update();
      }),
      constants && varyingFacts.length
        ? toggle(`Facts that never vary (${count(constants)})`, false, (on) => {
            state.constant = on;
            drawChoice();
            update();
          })
        : null,
    ),
    table.node,
  );
}

/**
 * The facts that one can choose, each with the number of its values.
 *
 * @param {boolean} constant whether facts with one value are among them
 * @returns {Option[]}
 */
function factOptions(constant) {
  const facts = [...factTable.values()].filter((fact) => fact.varies || constant);
  /** @type {Option} */
  const every = [EVERY_FACT, constant ? "every fact" : "every fact that varies"];
  return [
    every,
    ...facts.map(
      (fact) => /** @type {Option} */ ([`fact:${fact.name}`, `${fact.name} (${count(fact.values.length)})`]),
    ),
  ];
}

/** @returns {Column<NamedRow>[]} */
function factColumns() {
  return [
    textColumn(
      "fact",
      "Fact",
      (row) => row.place,
      (row) => h("code", {}, row.name),
    ),
    textColumn(
      "value",
      "Value",
      (row) => row.value,
      (row) => factValue(row.value),
    ),
    ...groups.map((group, index) => ({
      key: `group-${index}`,
      label: group.label,
      head: () => groupHead(group),
      numeric: true,
      downFirst: true,
      sorts: /** @param {NamedRow} row */ (row) => row.counts[index],
      cell: /** @param {NamedRow} row */ (row) => countCell(row.counts[index], row.total, group),
    })),
    numberColumn("total", "All", (row) => row.total),
  ];
}

/** @param {Filter} filter */
function factRows({ fact, constant, wanted }) {
  const words = wordsOf(wanted);
  /** @type {NamedRow[]} */
  const rows = [];
  // Of all facts, those with few values say most.
  const facts = [...factTable.values()].sort((left, right) => left.values.length - right.values.length);
  for (const { name, values, varies } of facts) {
    if (fact === EVERY_FACT ? !varies && !constant : fact !== `fact:${name}`) continue;
    for (const row of values) {
      const text = `${name} ${row.value ?? NOT_RECORDED}`.toLowerCase();
      if (words.every((word) => text.includes(word))) rows.push({ ...row, name, place: rows.length });
    }
  }
  return rows;
}
