// @ts-check
// Which artifacts are stable, and how the others differ.

import { h } from "./elements.js";
import { explanation } from "./explanation.js";
import { count, counted, together } from "./format.js";
import { numberColumn, sortableTable, textColumn } from "./table.js";
import { leftOut } from "./values.js";

/** @import { Column } from "./table.js" */

/** @typedef {{ name: string, contents: number, missing_in: number, how: string | null, place: number }} ArtifactRow `place` in the list, those that differ first */

const ARTIFACTS_A_PAGE = 20;

export function artifactsSection() {
  const { artifacts = [], left_out } = explanation;
  if (!artifacts.length) return null;
  const hows = howTheyDiffer();
  const ordered = [...artifacts.filter((each) => !isStable(each)), ...artifacts.filter(isStable)];
  const rows = ordered.map((each, place) => ({ ...each, how: hows.get(each.name) ?? null, place }));
  const stable = rows.filter(isStable).length;
  const differing = rows.length - stable;
  const table = sortableTable({
    caption: "Artifacts, those that differ first",
    columns: columnsOf(rows),
    rows,
    size: ARTIFACTS_A_PAGE,
    sort: { key: "name" },
    noun: "artifacts",
  });
  const also = differing ? `; ${count(differing)} ${differing === 1 ? "differs" : "differ"}` : "";
  const words = `${count(stable)} of ${count(rows.length)} artifacts are stable${also}.`;
  return h(
    "div",
    { id: "artifact-table" },
    left_out?.artifacts ? null : h("p", {}, together(words)),
    table.node,
    leftOut(left_out?.artifacts, "more artifact"),
  );
}

/** @param {{ contents: number, missing_in: number }} row */
function isStable(row) {
  return row.contents === 1 && row.missing_in === 0;
}

/** How each artifact differs, by its name: the first comparison of it, and how many there are. */
function howTheyDiffer() {
  /** @type {Map<string, string>} */
  const hows = new Map();
  /** @type {Map<string, number>} */
  const comparisons = new Map();
  for (const { artifact, reference, class: label, statement, unavailable } of explanation.differences ?? []) {
    if (!artifact) continue;
    comparisons.set(artifact, (comparisons.get(artifact) ?? 0) + 1);
    if (!hows.has(artifact))
      hows.set(artifact, `${reference} and ${label}: ${statement ?? unavailable ?? "not compared"}`);
  }
  for (const [name, how] of hows) {
    const number = comparisons.get(name) ?? 1;
    if (number > 1) hows.set(name, `${how} (the first of ${counted(number, "comparison")})`);
  }
  return hows;
}

/**
 * @param {ArtifactRow[]} rows
 * @returns {Column<ArtifactRow>[]}
 */
function columnsOf(rows) {
  /** @type {Column<ArtifactRow>[]} */
  const columns = [
    textColumn(
      "name",
      "Artifact",
      (row) => row.place,
      (row) => h("code", {}, row.name),
    ),
    {
      key: "how",
      label: "Difference",
      sorts: (row) => row.how,
      cell: (row) => h("span.how", {}, isStable(row) ? "stable" : together(row.how ?? "not compared")),
    },
    numberColumn("contents", "Contents", (row) => row.contents),
  ];
  if (rows.some((row) => row.missing_in > 0))
    columns.push(numberColumn("missing", "Missing in classes", (row) => row.missing_in));
  return columns;
}
