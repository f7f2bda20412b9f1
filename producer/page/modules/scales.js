// @ts-check
// Scales of plots: a value becomes a place between 0 and 1, and some values become ticks.

import { duration } from "./format.js";

/** @typedef {(value: number) => number} Scale the place of a value, between 0 and 1 */
/** @typedef {{ at: number, label: string }} Tick */

const TICK_PX = 88;
// The label of a time with milliseconds is longer.
const TICK_WITH_MS_PX = 136;
const SECOND_MS = 1_000;
const TIME_STEPS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000,
  900_000, 1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, 86_400_000,
];
const DAY_MS = 86_400_000;
// If the longest run time is more than so many times the shortest, the scale is logarithmic.
const LINEAR_RATIO_MAX = 30;

/**
 * The least and the greatest of some values.
 *
 * @param {number[]} values
 */
export function bounds(values) {
  let [least, most] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}

/**
 * @param {number} least
 * @param {number} most
 * @returns {Scale}
 */
export function linear(least, most) {
  const width = most - least;
  return (value) => (width > 0 ? (value - least) / width : 0.5);
}

/**
 * Times of the day in UTC, in steps that people use.
 *
 * @param {number} least
 * @param {number} most
 * @param {number} width
 * @returns {Tick[]}
 */
export function timeTicks(least, most, width) {
  /** @param {number} px the width of a label */
  const stepOf = (px) => {
    const wanted = (most - least) / Math.max(2, Math.floor(width / px));
    return TIME_STEPS_MS.find((each) => each >= wanted) ?? Math.ceil(wanted / DAY_MS) * DAY_MS;
  };
  const step = stepOf(stepOf(TICK_PX) < SECOND_MS ? TICK_WITH_MS_PX : TICK_PX);
  const ticks = [];
  for (let at = Math.ceil(least / step) * step; at <= most; at += step) ticks.push({ at, label: timeLabel(at, step) });
  return ticks.length ? ticks : [{ at: least, label: timeLabel(least, 1) }];
}

/**
 * @param {number} at
 * @param {number} step
 */
function timeLabel(at, step) {
  const text = new Date(at).toISOString();
  if (step >= DAY_MS) return text.slice(0, 10);
  if (step >= 60_000) return text.slice(11, 16);
  return step >= SECOND_MS ? text.slice(11, 19) : text.slice(11, 23);
}

/**
 * The scale and the ticks of durations in microseconds.
 *
 * @param {number[]} values
 */
export function durationScale(values) {
  const [least, most] = bounds(values);
  if (least > 0 && most / least > LINEAR_RATIO_MAX) {
    const place = linear(Math.log(least), Math.log(most));
    const powers = [1, 2, 5].flatMap((digit) => Array.from({ length: 14 }, (_, power) => digit * 10 ** power));
    const inside = powers.filter((at) => at >= least && at <= most).sort((left, right) => left - right);
    /** @param {number} width */
    const ticks = (width) =>
      thinned(inside, Math.max(2, Math.floor(width / TICK_PX))).map((at) => ({ at, label: duration(at) }));
    return { place: /** @type {Scale} */ (value) => place(Math.log(Math.max(value, least))), ticks, logarithmic: true };
  }
  /** @param {number} width */
  const ticks = (width) => {
    const wanted = (most - least) / Math.max(2, Math.floor(width / TICK_PX)) || 1;
    const power = 10 ** Math.floor(Math.log10(wanted));
    const step = [1, 2, 5, 10].map((digit) => digit * power).find((each) => each >= wanted) ?? 10 * power;
    const first = Math.ceil(least / step);
    const all = Array.from({ length: Math.floor(most / step) - first + 1 }, (_, index) => (first + index) * step);
    return (all.length ? all : [least]).map((at) => ({ at, label: duration(at) }));
  };
  return { place: linear(least, most), ticks, logarithmic: false };
}

/**
 * At most so many of the values, evenly spaced.
 *
 * @param {number[]} values
 * @param {number} most
 */
function thinned(values, most) {
  const every = Math.ceil(values.length / most);
  return values.filter((_, index) => index % every === 0);
}
