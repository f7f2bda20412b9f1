// Tables: plain ones, and those that sort by their headers, in pages.

/** A plain table: `columns` are { label, numeric, head }, `rows` arrays of cells; the first cell names its row. */
function plainTable(caption, columns, rows) {
  const head = columns.map((column) =>
    h(column.numeric ? "th.num" : "th", { scope: "col" }, column.head ?? column.label),
  );
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

function captionOf(text) {
  return h("caption", {}, h("span", {}, text));
}

/** A column of numbers, sorted from the largest first: `value(row)` is a number or null. */
function numberColumn(key, label, value, show = count) {
  return { key, label, numeric: true, downFirst: true, sorts: value, cell: (row) => show(value(row)) };
}

/** A column of places in an order, sorted from the first. */
function placeColumn(key, label, value) {
  return { key, label, numeric: true, sorts: value, cell: (row) => count(value(row)) };
}

/** A column of texts: `value(row)` is what it is sorted by, `cell(row)` what is shown. */
function textColumn(key, label, value, cell = value) {
  return { key, label, sorts: value, cell };
}

/**
 * A table that is sorted by a click on a header, in pages.
 *
 * columns: { key, label, head, numeric, downFirst, sorts(row) -> number, text or null, cell(row) -> node or text }
 * size: rows a page; counts: whether to say how many rows there are, even on one page
 * detail(row) -> node or null: what stands below a row
 * Gives { node, show(rows), columns(columns), redraw() }.
 */
function sortableTable({ caption, columns, rows, size, sort, detail, noun, counts = false }) {
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
    state.sorted = sortedRows(state.rows, column.sorts, state.down);
  };
  const redraw = () => {
    order();
    drawHead();
    drawBody();
  };
  const sortBy = (column) => {
    state.down = column.key === state.key ? !state.down : Boolean(column.downFirst);
    Object.assign(state, { key: column.key, page: 0 });
    redraw();
    head.children[state.columns.indexOf(column)].querySelector("button").focus();
  };
  const show = (shown) => {
    Object.assign(state, { rows: shown, page: 0 });
    order();
    drawBody();
  };
  const change = (changed) => {
    state.columns = changed;
    redraw();
  };
  redraw();
  const table = h("table.sortable", {}, captionOf(caption), h("thead", {}, head), body);
  return { node: h("div.sorted", {}, scrollBox(caption, table), pages.node), show, columns: change, redraw: drawBody };
}

/** A header, with a button where one may sort by it. */
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

/** A row, and what stands below it. The first cell names the row. */
function bodyRows(row, columns, detail) {
  const cells = columns.map((column, index) => {
    const name = `${index === 0 ? "th" : "td"}${column.numeric ? ".num" : ""}`;
    return h(name, { scope: index === 0 ? "row" : null }, column.cell(row));
  });
  const below = detail?.(row);
  return [h("tr", {}, cells), ...(below ? [h("tr.detail", {}, h("td", { colspan: columns.length }, below))] : [])];
}

/** The rows in the order of what `sorts` gives; rows without a value stand last either way. */
function sortedRows(rows, sorts, down) {
  const keyed = rows.map((row, place) => ({ row, place, key: sorts(row) ?? null }));
  const sign = down ? -1 : 1;
  keyed.sort((left, right) => {
    if (left.key === null || right.key === null)
      return (left.key === null) - (right.key === null) || left.place - right.place;
    const less =
      typeof left.key === "number" && typeof right.key === "number"
        ? left.key - right.key
        : compareText(String(left.key), String(right.key));
    return sign * less || left.place - right.place;
  });
  return keyed.map(({ row }) => row);
}

/** The line below a table that says which rows are shown, with the buttons that turn pages. */
function pager(counts, turn) {
  const said = h("span", { role: "status" });
  const state = { page: 0, last: 0 };
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
    draw(page, size, total, noun) {
      Object.assign(state, { page, last: Math.max(0, Math.ceil(total / size) - 1) });
      const from = page * size;
      const range = `${count(from + 1)}–${count(Math.min(total, from + size))} of ${count(total)} ${noun}`;
      said.textContent = total <= size ? `${count(total)} ${noun}` : range;
      turning.hidden = total <= size;
      node.hidden = total <= size && !counts;
      buttons.forEach((each, index) => {
        each.disabled = index < 2 ? page === 0 : page === state.last;
      });
    },
  };
}

/** Whether every word of `wanted` is in one of the texts. */
function wordsOf(wanted) {
  return wanted.toLowerCase().split(/\s+/).filter(Boolean);
}
