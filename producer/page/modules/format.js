// @ts-check
// Numbers, times and texts as people read them.

export const NOT_RECORDED = "not recorded";
const whole = new Intl.NumberFormat("en-US");
/** @type {Record<string, string>} */
const SUPERSCRIPTS = {
  "-": "⁻",
  0: "⁰",
  1: "¹",
  2: "²",
  3: "³",
  4: "⁴",
  5: "⁵",
  6: "⁶",
  7: "⁷",
  8: "⁸",
  9: "⁹",
};

/**
 * `180,000`. A text that is not a whole number stays as it is. An absent number is a dash.
 *
 * @param {number | string | null | undefined} number
 */
export function count(number) {
  if (number === null || number === undefined) return "–";
  if (typeof number === "string") return /^\d+$/.test(number) ? number.replace(/\B(?=(\d{3})+$)/g, ",") : number;
  return whole.format(number);
}

/**
 * `1 copy`, `180 copies`.
 *
 * @param {number} number
 * @param {string} one
 * @param {string} many
 */
export function counted(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/**
 * `0.0021`, `4 × 10⁻²⁹`: a number with so many significant digits.
 *
 * @param {number | null | undefined} number
 */
export function scientific(number, digits = 2) {
  if (number === null || number === undefined) return "–";
  if (number === 0) return "0";
  const size = Math.abs(number);
  if (size >= 0.001 && size < 100_000) return String(Number(number.toPrecision(digits)));
  const [mantissa, exponent] = number.toExponential(digits - 1).split("e");
  const power = [...String(Number(exponent))].map((sign) => SUPERSCRIPTS[sign]).join("");
  const factor = String(Number(mantissa));
  return factor === "1" ? `10${power}` : `${factor} × 10${power}`;
}

/**
 * The p of a test. A p that is too small for a double is given as its bound.
 *
 * @param {number} p
 */
export function probability(p) {
  return p === 0 ? "< 10⁻³⁰⁰" : scientific(p);
}

/**
 * `1.65 %` for a share between 0 and 1.
 *
 * @param {number | null | undefined} share
 */
export function percent(share) {
  if (share === null || share === undefined) return "–";
  const points = share * 100;
  if (points === 0 || points === 100) return `${points} %`;
  if (points < 0.01) return "below 0.01 %";
  if (points > 99.99) return "above 99.99 %";
  return `${Number(points.toPrecision(points > 99 ? 4 : 3))} %`;
}

/**
 * A duration in microseconds, in the unit that suits it.
 *
 * @param {number | null | undefined} us
 */
export function duration(us) {
  if (us === null || us === undefined) return "–";
  if (us < 1_000) return `${Number(us.toPrecision(3))} µs`;
  if (us < 1_000_000) return `${Number((us / 1_000).toPrecision(3))} ms`;
  if (us < 60_000_000) return `${Number((us / 1_000_000).toPrecision(3))} s`;
  const seconds = Math.round(us / 1_000_000);
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${count(Math.floor(seconds / 3_600))} h ${Math.floor((seconds % 3_600) / 60)} min`;
}

/**
 * `2026-11-23 16:00:00`, in UTC; with milliseconds if `digits` is not 0.
 *
 * @param {number} ms
 */
export function utc(ms, digits = 0) {
  const text = new Date(ms).toISOString().replace("T", " ");
  return text.slice(0, digits ? -1 : -5);
}

/**
 * Whether a number of milliseconds is a time that a Date can hold.
 *
 * @param {number | null | undefined} ms
 * @returns {ms is number}
 */
export function isTime(ms) {
  return typeof ms === "number" && Number.isFinite(ms) && Math.abs(ms) <= 8.64e15;
}

/**
 * The first digits of a digest without the name of its hash.
 *
 * @param {string | null | undefined} digest
 */
export function shortDigest(digest) {
  const text = String(digest ?? "–");
  const hex = /^sha256:([0-9a-f]{12})[0-9a-f]*$/.exec(text);
  if (hex) return hex[1];
  return text.length > 24 ? `${text.slice(0, 23)}…` : text;
}

// A value may be the list of all features of a CPU. Among other values, its start and its end are enough.
const VALUE_SHOWN_CHARS = 96;
const VALUE_TAIL_CHARS = 20;

/**
 * The start and the end of a long value; a short value as it is.
 *
 * @param {unknown} value
 */
export function shortValue(value) {
  const characters = String(value);
  if (characters.length <= VALUE_SHOWN_CHARS) return characters;
  return `${characters.slice(0, VALUE_SHOWN_CHARS - VALUE_TAIL_CHARS)} … ${characters.slice(-VALUE_TAIL_CHARS)}`;
}
