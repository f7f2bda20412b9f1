// @ts-check
// Numbers, times and texts as people read them.

export const NOT_RECORDED = "not recorded";
const whole = new Intl.NumberFormat("en-US");
/** A space at which no line ends. */
const NO_BREAK = "\u00a0";

/**
 * A sentence in which no line tears a number from the word, the unit or the sign after it.
 *
 * @param {string} text
 */
export function together(text) {
  return text
    .replace(/(\d) (?=[\p{L}%])/gu, `$1${NO_BREAK}`)
    .replace(/ (<=|<|=|x) /g, `${NO_BREAK}$1${NO_BREAK}`)
    .replace(/\b(copy|copies|byte|code|signal|round) (?=\d)/g, `$1${NO_BREAK}`);
}

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
  return `${count(number)}${NO_BREAK}${number === 1 ? one : many}`;
}

/**
 * `0.0021`, `4.0e-29`: a number with so many significant digits, as the sentences write it.
 *
 * @param {number | null | undefined} number
 */
export function scientific(number, digits = 2) {
  if (number === null || number === undefined) return "–";
  if (number === 0) return "0";
  const size = Math.abs(number);
  if (size >= 0.001 && size < 100_000) return String(Number(number.toPrecision(digits)));
  return number.toExponential(digits - 1).replace("e+", "e");
}

const P_MIN = 1e-300;

/**
 * `p = 4.3e-5`, or `p <= 0.013` for a p-value that is only a bound, which is rounded up.
 *
 * @param {number} p
 * @param {boolean | undefined} isBound
 */
export function probability(p, isBound) {
  if (p <= P_MIN) return together("p < 1e-300");
  if (!isBound) return together(`p = ${scientific(p)}`);
  const unit = 10 ** (Math.floor(Math.log10(p)) - 1);
  return together(`p <= ${scientific(Math.min(1, Math.ceil(p / unit - 1e-9) * unit))}`);
}

/**
 * `1.65 %` for a share between 0 and 1.
 *
 * @param {number | null | undefined} share
 */
export function percent(share) {
  if (share === null || share === undefined) return "–";
  const points = share * 100;
  if (points === 0 || points === 100) return `${points}${NO_BREAK}%`;
  if (points < 0.01) return together("below 0.01 %");
  if (points > 99.99) return together("above 99.99 %");
  return `${Number(points.toPrecision(points > 99 ? 4 : 3))}${NO_BREAK}%`;
}

/**
 * A duration in microseconds, in the unit that suits it.
 *
 * @param {number | null | undefined} us
 */
export function duration(us) {
  if (us === null || us === undefined) return "–";
  if (us < 1_000) return together(`${Number(us.toPrecision(3))} µs`);
  if (us < 1_000_000) return together(`${Number((us / 1_000).toPrecision(3))} ms`);
  if (us < 60_000_000) return together(`${Number((us / 1_000_000).toPrecision(3))} s`);
  const seconds = Math.round(us / 1_000_000);
  if (seconds < 3_600) return together(`${Math.floor(seconds / 60)} min ${seconds % 60} s`);
  return together(`${count(Math.floor(seconds / 3_600))} h ${Math.floor((seconds % 3_600) / 60)} min`);
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
