// @ts-check
// Shapes and colours of classes. Each class has a shape of its own, so nothing depends on telling colours apart.

import { h, s } from "./elements.js";
import { count } from "./format.js";
import { FAILED, groupOf, groups, OTHERS } from "./model.js";

/** @import { Group, Mark } from "./model.js" */
/** @typedef {(x: number, y: number, r: number) => string} Shape the path of a shape around (x, y) */

/**
 * A polygon with these corners, which are given for x = y = 0 and r = 1.
 *
 * @param {number[][]} points
 * @returns {Shape}
 */
const polygon = (points) => (x, y, r) =>
  `M${points.map(([dx, dy]) => `${round(x + dx * r)} ${round(y + dy * r)}`).join("L")}Z`;
const cross = [
  [-0.3, -1],
  [0.3, -1],
  [0.3, -0.3],
  [1, -0.3],
  [1, 0.3],
  [0.3, 0.3],
  [0.3, 1],
  [-0.3, 1],
  [-0.3, 0.3],
  [-1, 0.3],
  [-1, -0.3],
  [-0.3, -0.3],
];
const turned = cross.map(([x, y]) => [(x - y) * 0.75, (x + y) * 0.75]);
/** @type {Shape[]} */
const SHAPES = [
  (x, y, r) =>
    `M${round(x - 0.9 * r)} ${round(y)}a${0.9 * r} ${0.9 * r} 0 1 0 ${1.8 * r} 0a${0.9 * r} ${0.9 * r} 0 1 0 ${-1.8 * r} 0Z`,
  polygon([
    [0, -1.05],
    [1.05, 0.8],
    [-1.05, 0.8],
  ]),
  polygon([
    [-0.85, -0.85],
    [0.85, -0.85],
    [0.85, 0.85],
    [-0.85, 0.85],
  ]),
  polygon([
    [0, -1.15],
    [1.15, 0],
    [0, 1.15],
    [-1.15, 0],
  ]),
  polygon([
    [0, 1.05],
    [1.05, -0.8],
    [-1.05, -0.8],
  ]),
  polygon(cross),
  polygon([
    [-1.1, -0.45],
    [1.1, -0.45],
    [1.1, 0.45],
    [-1.1, 0.45],
  ]),
  polygon([
    [-0.45, -1.1],
    [0.45, -1.1],
    [0.45, 1.1],
    [-0.45, 1.1],
  ]),
];

export const diamond = SHAPES[3];

/** @param {number} number */
export function round(number) {
  return Math.round(number * 100) / 100;
}

/**
 * The path of the shape of a group.
 *
 * @param {Mark} mark
 * @param {number} x
 * @param {number} y
 * @param {number} r
 */
export function shape(mark, x, y, r) {
  if (mark === FAILED) return polygon(turned)(x, y, r);
  if (mark === OTHERS) return SHAPES[0](x, y, r * 0.55);
  return SHAPES[mark](x, y, r);
}

/**
 * The CSS class that gives the colour of a group.
 *
 * @param {Mark} mark
 */
export function tone(mark) {
  return `tone-${mark}`;
}

/**
 * The shape and the name of a class.
 *
 * @param {string | null} label
 */
export function classMark(label) {
  const { mark } = groups[groupOf(label)] ?? { mark: OTHERS };
  const drawing = s(
    "svg.mark",
    { viewBox: "-6 -6 12 12", "aria-hidden": "true" },
    s(`path.${tone(mark)}`, { d: shape(mark, 0, 0, 5) }),
  );
  return h("span.class", {}, drawing, label ?? FAILED);
}

/**
 * A group as the header of a column.
 *
 * @param {Group} group
 */
export function groupHead(group) {
  return group.label === OTHERS ? "others" : classMark(group.label);
}

/**
 * The number of copies of a group in a row, on a tint that shows their share of the row's total.
 *
 * @param {number} copies
 * @param {number} total
 * @param {Group} group
 */
export function countCell(copies, total, group) {
  const name = `counted ${copies ? tone(group.mark) : "zero"}`;
  return h("span", { class: name }, tint(copies / total), h("span", {}, count(copies)));
}

/** @param {number} share */
function tint(share) {
  if (!(share > 0)) return null;
  return s(
    "svg.tint",
    { viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" },
    s("rect", { width: round(share * 100), height: 10 }),
  );
}
