// @ts-check
// How far the outputs of two classes differ, path by path.

import { h, s } from "./elements.js";
import { explanation } from "./explanation.js";
import { count, counted, percent, scientific, shortValue } from "./format.js";
import { classMark, round } from "./marks.js";
import { classes } from "./model.js";
import { numberColumn, plainTable, sortableTable, textColumn } from "./table.js";

/** @import { Child } from "./elements.js" */
/** @import { Comparison, Difference, DifferingPath, HistogramBin, Mismatch, NumberPlace } from "./explanation.js" */
/** @import { Column } from "./table.js" */

/** @typedef {{ row: DifferingPath, place: number }} PathRow a path with its place in the list */

const PATHS_A_PAGE = 25;

export function differenceSection() {
  const differences = explanation.differences ?? [];
  const parts = differences.map(differencePart);
  if (!parts.length)
    parts.push(
      h(
        "p.empty",
        {},
        classes.length > 1 ? "The outputs were not compared." : "There is one class, so there is nothing to compare.",
      ),
    );
  return h("div", {}, equivalenceLine(), parts);
}

function equivalenceLine() {
  const { equivalence } = explanation;
  if (!equivalence) return null;
  const word = h("strong", {}, equivalence.equivalent ? "equivalent" : "not equivalent");
  return h(
    "p.equivalence",
    {},
    "The classes are ",
    word,
    " within ",
    (equivalence.tolerances ?? []).flatMap((each, index) => [index ? ", " : "", h("code", {}, each)]),
    equivalence.largest ? [". Largest difference: ", h("span.reason", {}, equivalence.largest)] : null,
    ".",
  );
}

/** @param {Difference} difference */
function differencePart({ reference, class: label, comparison, unavailable }) {
  const title = h("h3", {}, classMark(label), h("span.and", {}, " against "), classMark(reference));
  if (!comparison)
    return h(
      "section.difference",
      {},
      title,
      h("p.empty", {}, "Not compared: ", h("span.reason", {}, unavailable ?? "no reason was given"), "."),
    );
  return h(
    "section.difference",
    {},
    title,
    comparisonFacts(comparison),
    pathsPart(comparison, label, reference),
    mismatchesPart(comparison, label, reference),
    comparison.truncated
      ? h("p.note", {}, "The comparison ended early: ", h("span.reason", {}, comparison.truncated), ".")
      : null,
    comparison.assumed ? h("p.note", {}, "Assumed: ", h("span.reason", {}, comparison.assumed), ".") : null,
    unmatchedNote(comparison.unmatched_rules ?? []),
  );
}

/** @param {string[]} rules */
function unmatchedNote(rules) {
  if (!rules.length) return null;
  const listed = rules.flatMap((rule, index) => [index ? ", " : "", h("code", {}, rule)]);
  return h("p.note", {}, "No path of the compared outputs fits: ", listed, ".");
}

/** @param {Comparison} comparison */
function comparisonFacts(comparison) {
  const [left, right] = comparison.bytes ?? [];
  /** @type {[string, Child][]} */
  const entries = [
    ["Read as", comparison.format],
    ["Bytes", left === right ? count(left) : `${count(left)} and ${count(right)}`],
    ["First different byte", count(comparison.first_different_byte)],
    ["Values different", `${count(comparison.values_different)} of ${count(comparison.values_compared)}`],
    ["Mismatches", count(comparison.mismatches_total)],
    [
      "Within tolerance",
      comparison.equivalent === null || comparison.equivalent === undefined
        ? null
        : comparison.equivalent
          ? "yes"
          : "no",
    ],
  ];
  return h(
    "dl.about",
    {},
    entries
      .filter(([, value]) => value !== null && value !== undefined)
      .map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
  );
}

/**
 * @param {Comparison} comparison
 * @param {string} label
 * @param {string} reference
 */
function pathsPart(comparison, label, reference) {
  const paths = comparison.paths ?? [];
  if (!paths.length) return null;
  const detail = h("div.histogram", {
    role: "region",
    "aria-live": "polite",
    "aria-label": `ULP histogram of ${label} against ${reference}`,
  });
  /** @type {Map<DifferingPath, HTMLButtonElement>} */
  const buttons = new Map();
  /** @param {DifferingPath} chosen */
  const select = (chosen) => {
    for (const [row, button] of buttons) button.setAttribute("aria-pressed", String(row === chosen));
    detail.replaceChildren(histogramPart(chosen, label, reference));
  };
  for (const row of paths) buttons.set(row, pathButton(row, select));
  const table = sortableTable({
    caption: `Numbers that differ by path, ${label} against ${reference}, worst first; choose a path to see its ULP histogram`,
    columns: pathColumns(paths, buttons),
    rows: paths.map((row, place) => ({ row, place })),
    size: PATHS_A_PAGE,
    sort: { key: "place" },
    noun: "paths",
  });
  select(paths[0]);
  const more = comparison.paths_total - paths.length;
  return h(
    "div",
    {},
    table.node,
    more > 0 ? h("p.note", {}, `${counted(more, "more path")} not listed.`) : null,
    detail,
  );
}

/**
 * @param {DifferingPath} row
 * @param {(row: DifferingPath) => void} select
 */
function pathButton(row, select) {
  const button = h("button.path", { type: "button", "aria-pressed": "false" }, shortValue(row.path));
  button.addEventListener("click", () => select(row));
  return button;
}

/**
 * @param {DifferingPath[]} paths
 * @param {Map<DifferingPath, HTMLButtonElement>} buttons
 */
function pathColumns(paths, buttons) {
  /** @type {Column<PathRow>[]} */
  const columns = [
    textColumn(
      "place",
      "Path",
      ({ place }) => place,
      ({ row }) => buttons.get(row),
    ),
    textColumn(
      "type",
      "Type",
      ({ row }) => row.type,
      ({ row }) => row.type,
    ),
    numberColumn("different", "Different", ({ row }) => row.different),
    numberColumn("compared", "of", ({ row }) => row.compared),
    {
      key: "ulp",
      label: "Most ULP",
      numeric: true,
      downFirst: true,
      sorts: ({ row }) => (row.ulp_max === null || row.ulp_max === undefined ? null : Number(row.ulp_max)),
      cell: ({ row }) => count(row.ulp_max),
    },
    { key: "histogram", label: "ULPs", cell: ({ row }) => sparkBars(row.ulp_histogram ?? []) },
    numberColumn("absolute", "Most absolute", ({ row }) => row.absolute_max, scientific),
    numberColumn("relative", "Most relative", ({ row }) => row.relative_max, scientific),
    numberColumn("bits", "Bits in common", ({ row }) => row.common_bits_min),
  ];
  if (paths.some((row) => (row.beyond_tolerance ?? 0) > 0))
    columns.push(numberColumn("beyond", "Beyond tolerance", ({ row }) => row.beyond_tolerance));
  return columns;
}

/**
 * The histogram of one path as small bars.
 *
 * @param {HistogramBin[]} histogram
 */
function sparkBars(histogram) {
  const most = Math.max(1, ...histogram.map((bin) => bin.values));
  const bars = histogram.map((bin, index) => {
    const height = bin.values ? Math.max(1, (bin.values / most) * 14) : 0;
    return s("rect", { x: index * 5, y: round(14 - height), width: 4, height: round(height) });
  });
  const label = histogram.map((bin) => `${bin.ulp}: ${count(bin.values)}`).join(", ");
  const width = Math.max(1, histogram.length * 5);
  return s(
    "svg.spark",
    { viewBox: `0 0 ${width} 14`, width, height: 14, role: "img", "aria-label": `values by ULP ${label}` },
    bars,
  );
}

/**
 * @param {DifferingPath} row
 * @param {string} label
 * @param {string} reference
 */
function histogramPart(row, label, reference) {
  const [left, right] = row.first ?? [];
  const at = row.first_index ? `[${row.first_index.join(", ")}]` : "";
  const histogram = row.ulp_histogram ?? [];
  const most = Math.max(1, ...histogram.map((bin) => bin.values));
  const rows = histogram.map((bin) => [
    count(bin.ulp),
    h(
      "span.barred",
      {},
      s(
        "svg.bar",
        { viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
        s("rect.ulp", { width: bin.values ? Math.max(0.5, (bin.values / most) * 100) : 0, height: 8 }),
      ),
    ),
    count(bin.values),
    percent(bin.values / row.different),
  ]);
  const first = row.first
    ? h(
        "dl.first",
        {},
        h("dt", {}, "First difference ", at),
        h("dd", {}, classMark(reference), " ", h("code", {}, left)),
        h("dd", {}, classMark(label), " ", h("code", {}, right)),
      )
    : null;
  const columns = [
    { label: "ULP" },
    { label: "Values" },
    { label: "Count", numeric: true },
    { label: "Share", numeric: true },
  ];
  const table = rows.length
    ? plainTable(`Values of ${shortValue(row.path)} by their distance in ULP`, columns, rows)
    : h("p.empty", {}, "There is no ULP distance for this path.");
  return h("div.pair", {}, table, first, worstPairs(row, label, reference));
}

/**
 * The two numbers with the largest difference in each measure. A pair that has the largest in several is shown once.
 *
 * @param {DifferingPath} row
 * @param {string} label
 * @param {string} reference
 */
function worstPairs(row, label, reference) {
  /** @type {Map<string, { place: NumberPlace, names: string[] }>} */
  const pairs = new Map();
  /** @type {[string, NumberPlace | null | undefined][]} */
  const measures = [
    ["ULP", row.ulp_at],
    ["absolute", row.absolute_at],
    ["relative", row.relative_at],
  ];
  for (const [name, place] of measures) {
    if (!place) continue;
    const known = pairs.get(place.at);
    if (known) known.names.push(name);
    else pairs.set(place.at, { place, names: [name] });
  }
  return [...pairs.values()].map(({ place, names }) =>
    h(
      "dl.first",
      {},
      h("dt", {}, `Most ${names.join(", ")} `, h("code", {}, shortValue(place.at))),
      h("dd", {}, classMark(reference), " ", h("code", {}, place.left)),
      h("dd", {}, classMark(label), " ", h("code", {}, place.right)),
    ),
  );
}

/**
 * @param {Comparison} comparison
 * @param {string} label
 * @param {string} reference
 */
function mismatchesPart(comparison, label, reference) {
  const mismatches = comparison.mismatches ?? [];
  if (!mismatches.length) return null;
  /** @type {(key: "left" | "right", name: string) => Column<Mismatch>} */
  const text = (key, name) => ({
    key,
    label: name,
    sorts: (row) => row[key],
    cell: (row) => (row[key] === null ? "–" : h("code.value", { title: row[key] }, shortValue(row[key]))),
  });
  const table = sortableTable({
    caption: `Mismatches of ${label} and ${reference}: differences without a distance`,
    columns: [
      {
        key: "path",
        label: "Path",
        sorts: (row) => row.path,
        cell: (row) => h("code", {}, shortValue(row.path)),
      },
      { key: "kind", label: "Kind", sorts: (row) => row.kind, cell: (row) => row.kind },
      {
        key: "index",
        label: "Index",
        sorts: (row) => (row.index === null ? null : String(row.index)),
        cell: (row) => (row.index === null ? "–" : `[${[row.index].flat().join(", ")}]`),
      },
      text("left", reference),
      text("right", label),
    ],
    rows: mismatches,
    size: PATHS_A_PAGE,
    sort: { key: "path" },
    noun: "mismatches",
  });
  const more = comparison.mismatches_total - mismatches.length;
  return h(
    "div",
    {},
    table.node,
    more > 0 ? h("p.note", {}, `${counted(more, "more mismatch", "more mismatches")} not listed.`) : null,
  );
}
