// @ts-check
// How far the numbers of one path are apart: how many differ by how much, and the pairs that are furthest apart.

import { h, s } from "./elements.js";
import { count, counted, percent, shortValue, together } from "./format.js";
import { classMark, round } from "./marks.js";
import { plainTable } from "./table.js";

/** @import { DifferingPath, HistogramBin, NumberPlace } from "./explanation.js" */

/**
 * The histogram of one path as small bars.
 *
 * @param {HistogramBin[]} histogram
 */
export function sparkBars(histogram) {
  if (histogram.length < 2) return "–";
  const most = Math.max(1, ...histogram.map((bin) => bin.values));
  const bars = histogram.map((bin, index) => {
    const height = bin.values ? Math.max(1, (bin.values / most) * 14) : 0;
    return s("rect", { x: index * 5, y: round(14 - height), width: 4, height: round(height) });
  });
  const label = histogram.map((bin) => `${bin.ulp}: ${count(bin.values)}`).join(", ");
  const width = Math.max(1, histogram.length * 5);
  return s(
    "svg.spark",
    { viewBox: `0 0 ${width} 14`, width, height: 14, role: "img", "aria-label": `numbers by ulp ${label}` },
    bars,
  );
}

/**
 * @param {DifferingPath} row
 * @param {string} label
 * @param {string} reference
 */
export function histogramPart(row, label, reference) {
  const [left, right] = row.first ?? [];
  const at = row.first_index ? `[${row.first_index.join(", ")}]` : "";
  const histogram = row.ulp_histogram ?? [];
  const most = Math.max(1, ...histogram.map((bin) => bin.values));
  const rows = histogram.map((bin) => [
    distances(bin),
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
  // A single pair stands among the largest differences.
  const first =
    row.first && row.different > 1
      ? h(
          "dl.first",
          {},
          h("dt", {}, "First difference ", at),
          h("dd", {}, classMark(reference), " ", h("code", {}, left)),
          h("dd", {}, classMark(label), " ", h("code", {}, right)),
        )
      : null;
  const columns = [
    { label: "ulp" },
    { label: "Numbers" },
    { label: "Count", numeric: true },
    { label: "Share", numeric: true },
  ];
  const pairs = h("div.pairs", {}, first, worstPairs(row, label, reference));
  if (rows.length < 2) return h("div", {}, h("p", {}, oneDistance(row)), pairs);
  const table = plainTable(`Numbers of ${shortValue(row.path || "/")} by their distance in ulp`, columns, rows);
  return h("div.pair", {}, table, pairs);
}

/**
 * The distance of numbers that are all equally far apart, or that have no distance in ulp.
 *
 * @param {DifferingPath} row
 */
function oneDistance({ different, ulp_max, ulp_histogram: bins }) {
  const all = counted(different, "number differs", "numbers differ");
  if (different === 1 && ulp_max) return together(`${all} by ${count(ulp_max)} ulp.`);
  if (bins?.length) return together(`${all} by ${distances(bins[0])} ulp.`);
  return `${all}; ${different === 1 ? "it has" : "they have"} no distance in ulp.`;
}

/**
 * `4–7`: the distances that a bin counts.
 *
 * @param {HistogramBin} bin
 */
function distances({ ulp }) {
  return ulp.split("-").map(count).join("–");
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
    ["ulp", row.ulp_at],
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
      h("dt", {}, `Max ${names.join(", ")} `, h("code", {}, shortValue(place.at || "/"))),
      h("dd", {}, classMark(reference), " ", h("code", {}, place.left)),
      h("dd", {}, classMark(label), " ", h("code", {}, place.right)),
    ),
  );
}
