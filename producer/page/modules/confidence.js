// @ts-check
// How sure the verdict is, in words: shares with their bounds, by copies and by sandboxes.

import { h, s } from "./elements.js";
import { explanation } from "./explanation.js";
import { count, counted, percent } from "./format.js";
import { diamond, round } from "./marks.js";

/** @import { Child } from "./elements.js" */
/** @import { Rate, Unseen } from "./explanation.js" */

export function confidenceSection() {
  const { confidence, unit } = explanation;
  if (!confidence?.copies?.n) return null;
  const level = percent(confidence.level);
  const shared = unit === "machine" ? confidence.machines : confidence.sandboxes;
  /** @type {[one: string, many: string]} */
  const nouns = unit === "machine" ? ["machine", "machines"] : ["sandbox", "sandboxes"];
  const hasUnits = unit !== "unseen" && shared && shared.n > 0;
  return h(
    "div",
    {},
    h(
      "dl.sure",
      {},
      rateEntry("By copies", confidence.copies, level, ["copy", "copies"]),
      hasUnits ? rateEntry(`By ${nouns[1]}`, shared, level, nouns) : null,
      confidence.copies.different ? unseenEntry(confidence.unseen, unit) : null,
    ),
    h("p.note", {}, draws(unit, hasUnits ? (shared?.n ?? 0) : 0, nouns)),
    h(
      "p.note",
      {},
      `Bounds hold with ${level} confidence. “After correction” means that a p-value counts all facts that were tested, and all looks at the job.`,
    ),
  );
}

/**
 * What the bounds assume.
 *
 * @param {string | undefined} unit
 * @param {number} units how many sandboxes or machines there were
 * @param {[one: string, many: string]} nouns
 */
function draws(unit, units, [one, many]) {
  const begin = "The bounds hold for independent draws of the environment.";
  if (units > 1) {
    return `${begin} Copies ${unit === "machine" ? "on" : "in"} one ${one} share it, so the line by ${many} is the one to rely on; the line by copies also covers what varies from run to run.`;
  }
  return `${begin} Here they cover what varies from run to run${units === 1 ? ` on this one ${one}, and nothing else` : ""}.`;
}

/**
 * @param {string} label
 * @param {Rate} rate
 * @param {string} level
 * @param {[one: string, many: string]} nouns
 */
function rateEntry(label, rate, level, nouns) {
  if (rate.n === 1 && nouns[0] !== "copy") {
    return entry(label, `All copies ran on one ${nouns[0]}: nothing is known of other ${nouns[1]}.`);
  }
  const all = counted(rate.n, ...nouns);
  if (rate.n === 1) return entry(label, "One copy gave a digest: nothing is known of other copies.");
  if (!rate.different) {
    const words = `All ${all} agreed. With ${level} confidence, fewer than ${percent(rate.rate_high)} of ${nouns[1]} would give another digest.`;
    return entry(label, words, interval(rate));
  }
  const words =
    `${count(rate.different)} of ${all} (${percent(rate.different / rate.n)}) differed from the most frequent class. ` +
    `With ${level} confidence, between ${percent(rate.rate_low)} and ${percent(rate.rate_high)} of ${nouns[1]} do.`;
  return entry(label, words, interval(rate));
}

/**
 * @param {Unseen | null | undefined} unseen
 * @param {string | undefined} unit
 */
function unseenEntry(unseen, unit) {
  if (!unseen) return null;
  /** @type {(share: number | null | undefined, noun: string) => string | null} */
  const one = (share, noun) =>
    share === null || share === undefined ? null : `${percent(share)} for the next ${noun}`;
  const parts = [one(unseen.copies, "copy"), unit === "sandbox" ? one(unseen.sandboxes, "sandbox") : null].filter(
    Boolean,
  );
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
