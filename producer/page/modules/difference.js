// @ts-check
// How far the outputs of two classes differ, path by path.

import { histogramPart, sparkBars } from "./distances.js";
import { h } from "./elements.js";
import { explanation } from "./explanation.js";
import { count, counted, scientific, shortValue, together } from "./format.js";
import { classMark } from "./marks.js";
import { numberColumn, sortableTable, textColumn } from "./table.js";
import { leftOut } from "./values.js";

/** @import { Child } from "./elements.js" */
/** @import { Comparison, Difference, DifferingPath, Mismatch } from "./explanation.js" */
/** @import { Column } from "./table.js" */

/** @typedef {{ row: DifferingPath, place: number }} PathRow a path with its place in the list */

const PATHS_A_PAGE = 25;
const DIFFERENCES_SHOWN = 4;

export function differenceSection() {
  const differences = explanation.differences ?? [];
  if (!differences.length) return null;
  const rest = differences.slice(DIFFERENCES_SHOWN);
  return h(
    "div",
    {},
    equivalenceLine(),
    differences.slice(0, DIFFERENCES_SHOWN).map(differencePart),
    rest.length ? restPart(rest) : null,
    leftOut(explanation.left_out?.differences, "more comparison"),
  );
}

/**
 * Further comparisons, which a button shows.
 *
 * @param {Difference[]} rest
 */
function restPart(rest) {
  const button = h("button.more", { type: "button" }, `Show ${counted(rest.length, "more comparison")}`);
  const place = h("div", {}, button);
  button.addEventListener("click", () => place.replaceChildren(...rest.map(differencePart)));
  return place;
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
function differencePart({ reference, class: label, artifact, only_in, statement, comparison, unavailable }) {
  const name = artifact ? [h("span.and", {}, ", "), h("code", {}, shortValue(artifact))] : null;
  const title = h("h3", {}, classMark(label), h("span.and", {}, " against "), classMark(reference), name);
  if (only_in) return h("section.difference", {}, title, h("p", {}, "Only ", classMark(only_in), " has it."));
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
    statement ? h("p.statement", {}, together(statement)) : null,
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
    [
      comparison.format === "bytes" ? "Bytes that differ" : "Numbers that differ",
      `${count(comparison.values_different)} of ${count(comparison.values_compared)}`,
    ],
    ["Mismatches", comparison.mismatches_total ? count(comparison.mismatches_total) : null],
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
  const paths = (comparison.paths ?? []).filter((path) => path.different > 0);
  if (!paths.length) return null;
  const detail = h("div.histogram", {
    role: "region",
    "aria-live": "polite",
    "aria-label": `Largest differences of ${label} against ${reference}`,
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
    caption: `Numbers that differ by path, ${label} against ${reference}, worst first; choose a path to see its largest differences`,
    columns: pathColumns(paths, buttons),
    rows: paths.map((row, place) => ({ row, place })),
    size: PATHS_A_PAGE,
    sort: { key: "place" },
    noun: "paths",
  });
  select(paths[0]);
  const more = comparison.paths_total - (comparison.paths?.length ?? 0);
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
  const button = h("button.path", { type: "button", "aria-pressed": "false" }, shortValue(row.path || "/"));
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
    numberColumn("different", "Differ", ({ row }) => row.different),
    numberColumn("compared", "of", ({ row }) => row.compared),
    {
      key: "ulp",
      label: "Max ulp",
      numeric: true,
      downFirst: true,
      sorts: ({ row }) => (row.ulp_max === null || row.ulp_max === undefined ? null : Number(row.ulp_max)),
      cell: ({ row }) => count(row.ulp_max),
    },
    numberColumn("absolute", "Max absolute", ({ row }) => row.absolute_max, scientific),
    numberColumn("relative", "Max relative", ({ row }) => row.relative_max, scientific),
    numberColumn("bits", "Same bits", ({ row }) => row.common_bits_min),
  ];
  // One bar alone would say nothing.
  if (paths.some((row) => (row.ulp_histogram ?? []).length > 1))
    columns.splice(5, 0, { key: "histogram", label: "By ulp", cell: ({ row }) => sparkBars(row.ulp_histogram ?? []) });
  if (paths.some((row) => (row.beyond_tolerance ?? 0) > 0))
    columns.push(numberColumn("beyond", "Beyond tolerance", ({ row }) => row.beyond_tolerance));
  return columns;
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
