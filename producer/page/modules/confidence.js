// @ts-check
// How sure the verdict is, in words: shares with their bounds, by copies and by sandboxes.

import { h, s } from "./elements.js";
import { explanation } from "./explanation.js";
import { count, counted, percent } from "./format.js";
import { diamond, round } from "./marks.js";

/** @import { Child } from "./elements.js" */
/** @import { Rate, Unseen } from "./explanation.js" */

export function confidenceSection() {
  const { confidence } = explanation;
  if (!confidence) return h("p.empty", {}, "There are too few outcomes to say how sure this is.");
  const level = percent(confidence.level);
  return h(
    "div",
    {},
    h(
      "dl.sure",
      {},
      rateEntry("By copies", confidence.copies, level, ["copy", "copies"]),
      rateEntry("By sandboxes", confidence.sandboxes, level, ["sandbox", "sandboxes"]),
      unseenEntry(confidence.unseen),
    ),
    h(
      "p.note",
      {},
      "The bounds hold for independent draws of the environment. Copies in one sandbox share its machine, so the line by sandboxes is the one to rely on; the line by copies also covers what varies from run to run.",
    ),
    h(
      "p.note",
      {},
      `Bounds are exact (Clopper–Pearson) with ${level} confidence. A p is that of an exact test of a fact against the classes; “for all tests together” is corrected for everything that was tested.`,
    ),
  );
}

/**
 * @param {string} label
 * @param {Rate | null | undefined} rate
 * @param {string} level
 * @param {[one: string, many: string]} nouns
 */
function rateEntry(label, rate, level, nouns) {
  if (!rate?.n) return entry(label, `Unknown: no ${nouns[0]} could be told from another.`);
  const all = counted(rate.n, ...nouns);
  if (!rate.different) {
    const words = `${rate.n === 1 ? "The only" : "All"} ${all} agreed. With ${level} confidence, fewer than ${percent(rate.rate_high)} of ${nouns[1]} would give another digest.`;
    return entry(label, words, interval(rate));
  }
  const words =
    `${count(rate.different)} of ${all} (${percent(rate.different / rate.n)}) differed from the most frequent class. ` +
    `With ${level} confidence, between ${percent(rate.rate_low)} and ${percent(rate.rate_high)} of ${nouns[1]} do.`;
  return entry(label, words, interval(rate));
}

/** @param {Unseen | null | undefined} unseen */
function unseenEntry(unseen) {
  if (!unseen) return null;
  /** @type {(share: number | null | undefined, noun: string) => string | null} */
  const one = (share, noun) =>
    share === null || share === undefined ? null : `${percent(share)} for the next ${noun}`;
  const parts = [one(unseen.copies, "copy"), one(unseen.sandboxes, "sandbox")].filter(Boolean);
  if (!parts.length) return null;
  return entry(
    "Digests not seen yet",
    `Estimated chance of a digest that no copy gave: ${parts.join(", ")} (Good–Turing: the share of digests seen just once).`,
  );
}

/**
 * @param {string} label
 * @param {string} words
 * @param {Child} [drawing]
 */
function entry(label, words, drawing) {
  return h("div", {}, h("dt", {}, label), h("dd", {}, words, drawing));
}

/**
 * A share and its bounds on a line from 0 to 100 %.
 *
 * @param {Rate} rate
 */
function interval({ n, different, rate_low, rate_high }) {
  const [low, high, seen] = [rate_low, rate_high, different / n].map((share) => round((share ?? 0) * 300));
  return s(
    "svg.interval",
    { viewBox: "-4 0 308 30", "aria-hidden": "true" },
    s("line.axis", { x1: 0, x2: 300, y1: 10, y2: 10 }),
    s("rect.range", { x: low, y: 6, width: Math.max(1, high - low), height: 8 }),
    s("path.seen", { d: diamond(seen, 10, 5) }),
    [0, 25, 50, 75, 100].map((share) =>
      s(
        "text.tick",
        { x: share * 3, y: 27, "text-anchor": share === 0 ? "start" : share === 100 ? "end" : "middle" },
        `${share} %`,
      ),
    ),
  );
}
