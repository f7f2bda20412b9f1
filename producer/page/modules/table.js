// @ts-check
// Tables: plain tables, and tables in pages that are sorted by their headers.

import { h, scrollBox } from "./elements.js";
import { count, together } from "./format.js";
import { compareText } from "./model.js";

/** @import { Child } from "./elements.js" */

/** @typedef {number | string | null | undefined} Key the value that rows are sorted by */
/**
 * @template R
 * @typedef {object} Column a column of a table of rows R
 * @property {string} key
 * @property {string} label
 * @property {() => Child} [head] the header, if it is not the label
 * @property {boolean} [numeric]
 * @property {boolean} [downFirst] whether the first click sorts from the largest
 * @property {(row: R) => Key} [sorts] without it, one cannot sort by this column
 * @property {(row: R) => Child} cell
 */
/** @typedef {{ key: string, down?: boolean }} Order the column that a table is sorted by, and whether the largest stands first */
/**
 * @template R
 * @typedef {object} SortableTable
 * @property {HTMLElement} node
 * @property {(rows: R[]) => void} show replaces the rows
 * @property {(columns: Column<R>[]) => void} columns replaces the columns
 * @property {() => void} redraw draws the rows of the current page again
 */

/**
 * A plain table. Each row is a list of cells; the first cell names its row.
 *
 * @param {string} caption
 * @param {{ label: string, numeric?: boolean }[]} columns
 * @param {Child[][]} rows
 */
export function plainTable(caption, columns, rows) {
  const head = columns.map((column) => h(column.numeric ? "th.num" : "th", { scope: "col" }, column.label));
  const body = rows.map((cells) =>
    h(
      "tr",
      {},
      cells.map((cell, index) => {
        const name = columns[index].numeric ? ".num" : "";
        return index === 0 ? h(`th${name}`, { scope: "row" }, cell) : h(`td${name}`, {}, cell);
      }),
    ),
  );
  return scrollBox(
    caption,
    h("table", {}, captionOf(caption), h("thead", {}, h("tr", {}, head)), h("tbody", {}, body)),
  );
}

/** @param {string} text */
export function captionOf(text) {
  return h("caption", {}, h("span", {}, text));
}

/**
 * A column of numbers. The first click sorts from the largest.
 *
 * @template R
 * @param {string} key
 * @param {string} label
 * @param {(row: R) => number | null | undefined} value
 * @param {(number: number | null | undefined) => Child} show
 * @returns {Column<R>}
 */
export function numberColumn(key, label, value, show = count) {
  return { key, label, numeric: true, downFirst: true, sorts: value, cell: (row) => show(value(row)) };
}

/**
 * A column of places in an order. The first click sorts from the first place.
 *
 * @template R
 * @param {string} key
 * @param {string} label
 * @param {(row: R) => number | null} value
 * @returns {Column<R>}
 */
export function placeColumn(key, label, value) {
  return { key, label, numeric: true, sorts: value, cell: (row) => count(value(row)) };
}

/**
 * A column of texts or elements: it is sorted by `value(row)` and shows `cell(row)`.
 *
 * @template R
 * @param {string} key
 * @param {string} label
 * @param {(row: R) => Key} value
 * @param {(row: R) => Child} cell
 * @returns {Column<R>}
 */
export function textColumn(key, label, value, cell) {
  return { key, label, sorts: value, cell };
}

/**
 * A table in pages that a click on a header sorts.
 *
 * @template R
 * @param {object} table
 * @param {string} table.caption
 * @param {Column<R>[]} table.columns
 * @param {R[]} table.rows
 * @param {number} table.size rows on a page
 * @param {Order} table.sort
 * @param {string} table.noun the name of the rows, in the plural
 * @param {(row: R) => Child} [table.detail] the details below a row
 * @param {boolean} [table.counts] whether to say how many rows there are, even on one page
 * @returns {SortableTable<R>}
 */
export function sortableTable({ caption, columns, rows, size, sort, noun, detail = () => null, counts = false }) {
  /** @type {TableState<R>} */
  const state = { columns, rows, sorted: [], key: sort.key, down: sort.down ?? false, page: 0 };
  const head = h("tr");
  const body = h("tbody");
  const pages = pager(counts, (page) => {
    state.page = page;
    drawBody();
  });
  const drawHead = () => head.replaceChildren(...state.columns.map((column) => headCell(column, state, sortBy)));
  const drawBody = () => {
    const shown = state.sorted.slice(state.page * size, (state.page + 1) * size);
    body.replaceChildren(...shown.flatMap((row) => bodyRows(row, state.columns, detail)));
    if (!shown.length) body.append(h("tr.none", {}, h("td", { colspan: state.columns.length }, `No ${noun} to show.`)));
    pages.draw(state.page, size, state.sorted.length, noun);
  };
  const order = () => {
    const column = state.columns.find((each) => each.key === state.key) ?? state.columns[0];
    state.sorted = column.sorts ? sortedRows(state.rows, column.sorts, state.down) : state.rows;
  };
  const redraw = () => {
    order();
    drawHead();
    drawBody();
  };
  /** @param {Column<R>} column */
  const sortBy = (column) => {
    state.down = column.key === state.key ? !state.down : Boolean(column.downFirst);
    Object.assign(state, { key: column.key, page: 0 });
    redraw();
    head.children[state.columns.indexOf(column)].querySelector("button")?.focus();
  };
  /** @param {R[]} shown */
  const show = (shown) => {
    Object.assign(state, { rows: shown, page: 0 });
    order();
    drawBody();
  };
  /** @param {Column<R>[]} changed */
  const change = (changed) => {
    state.columns = changed;
    redraw();
  };
  redraw();
  const table = h("table.sortable", {}, captionOf(caption), h("thead", {}, head), body);
  return { node: h("div.sorted", {}, scrollBox(caption, table), pages.node), show, columns: change, redraw: drawBody };
}

/**
 * @template R
 * @typedef {object} TableState
 * @property {Column<R>[]} columns
 * @property {R[]} rows
 * @property {R[]} sorted
 * @property {string} key the column that the rows are sorted by
 * @property {boolean} down
 * @property {number} page
 */

/**
 * A header, with a button if one can sort by its column.
 *
 * @template R
 * @param {Column<R>} column
 * @param {TableState<R>} state
 * @param {(column: Column<R>) => void} sortBy
 */
function headCell(column, { key, down }, sortBy) {
  const name = column.numeric ? "th.num" : "th";
  if (!column.sorts) return h(name, { scope: "col" }, column.label);
  const current = column.key === key;
  const sign = h("span.sign", { "aria-hidden": "true" }, current ? (down ? "▼" : "▲") : "↕");
  const text = column.head?.() ?? column.label;
  const button = h(
    "button",
    { type: "button", click: () => sortBy(column) },
    column.numeric ? [sign, text] : [text, sign],
  );
  return h(name, { scope: "col", "aria-sort": current ? (down ? "descending" : "ascending") : "none" }, button);
}

/**
 * A row, and its details below it. The first cell names the row.
 *
 * @template R
 * @param {R} row
 * @param {Column<R>[]} columns
 * @param {(row: R) => Child} detail
 */
function bodyRows(row, columns, detail) {
  const cells = columns.map((column, index) => {
    const name = `${index === 0 ? "th" : "td"}${column.numeric ? ".num" : ""}`;
    return h(name, { scope: index === 0 ? "row" : null }, column.cell(row));
  });
  const below = detail(row);
  return [h("tr", {}, cells), ...(below ? [h("tr.detail", {}, h("td", { colspan: columns.length }, below))] : [])];
}

/**
 * The rows in the order of their keys. Rows without a key stand last in both directions.
 *
 * @template R
 * @param {R[]} rows
 * @param {(row: R) => Key} sorts
 * @param {boolean} down
 */
function sortedRows(rows, sorts, down) {
  const keyed = rows.map((row, place) => ({ row, place, key: sorts(row) ?? null }));
  const sign = down ? -1 : 1;
  keyed.sort((left, right) => {
    if (left.key === null || right.key === null)
      return Number(left.key === null) - Number(right.key === null) || left.place - right.place;
    const less =
      typeof left.key === "number" && typeof right.key === "number"
        ? left.key - right.key
        : compareText(String(left.key), String(right.key));
    return sign * less || left.place - right.place;
  });
  return keyed.map(({ row }) => row);
}

/**
 * The line below a table that says which rows are shown, with the buttons that turn pages.
 *
 * @param {boolean} counts
 * @param {(page: number) => void} turn
 */
function pager(counts, turn) {
  const said = h("span", { role: "status" });
  const state = { page: 0, last: 0 };
  /** @type {(text: string, label: string, to: () => number) => HTMLButtonElement} */
  const button = (text, label, to) =>
    h("button", { type: "button", "aria-label": label, click: () => turn(to()) }, text);
  const buttons = [
    button("⇤", "First page", () => 0),
    button("←", "Previous page", () => state.page - 1),
    button("→", "Next page", () => state.page + 1),
    button("⇥", "Last page", () => state.last),
  ];
  const turning = h("span.turning", {}, buttons);
  const node = h("p.pager", {}, said, turning);
  return {
    node,
    /** @type {(page: number, size: number, total: number, noun: string) => void} */
    draw(page, size, total, noun) {
      Object.assign(state, { page, last: Math.max(0, Math.ceil(total / size) - 1) });
      const from = page * size;
      const range = `${count(from + 1)}–${count(Math.min(total, from + size))} of ${count(total)} ${noun}`;
      said.textContent = together(total <= size ? `${count(total)} ${noun}` : range);
      turning.hidden = total <= size;
      node.hidden = total <= size && !counts;
      buttons.forEach((each, index) => {
        each.disabled = index < 2 ? page === 0 : page === state.last;
      });
    },
  };
}

/**
 * The words of a filter, in small letters.
 *
 * @param {string} wanted
 */
export function wordsOf(wanted) {
  return wanted.toLowerCase().split(/\s+/).filter(Boolean);
}
