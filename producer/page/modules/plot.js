// @ts-check
// A plot of outcomes as points in rows. All points of a class are one path, so ten thousand points are drawn quickly.

import { fill, h, s } from "./elements.js";
import { round, shape, tone } from "./marks.js";
import { groups } from "./model.js";

/** @import { Child } from "./elements.js" */
/** @import { Quantile } from "./explanation.js" */
/** @import { GroupedOutcome, Mark } from "./model.js" */
/** @import { Scale, Tick } from "./scales.js" */

/** @typedef {{ label: string, mark?: Mark, box?: Record<Quantile, number> }} Row a box is drawn over the points of its row */
/** @typedef {{ row: number, at: number, outcome: GroupedOutcome }} Point */
/** @typedef {{ x: number, y: number, point: Point }} Place where a point stands in the drawing */
/**
 * @typedef {object} Plot
 * @property {string} label
 * @property {string} axis
 * @property {Row[]} rows
 * @property {Point[]} points
 * @property {Scale} scale
 * @property {(width: number) => Tick[]} ticks
 * @property {(outcome: GroupedOutcome) => Child} tell describes an outcome
 */

const ROW_LABEL_PX = 18;
const ROW_BAND_PX = 30;
const ROW_GAP_PX = 8;
const AXIS_PX = 30;
const SIDE_PX = 12;
const POINT_PX = 3.4;
const WIDTH_PX_MIN = 240;
const NEAR_PX = 24;
/** @type {Record<string, number>} How many marks each key moves. Marks are ordered from left to right. */
const STEPS = { ArrowRight: 1, ArrowLeft: -1, PageDown: 100, PageUp: -100, Home: -Infinity, End: Infinity };

/**
 * A plot that fits the width of the page.
 *
 * @param {Plot} plot
 */
export function rowPlot(plot) {
  const drawing = s("svg.plot", { role: "img", "aria-label": plot.label });
  const told = h(
    "output.told",
    { "aria-live": "polite" },
    h("span.note", {}, "Point at a mark, or use the arrow keys, to read it."),
  );
  const frame = h(
    "div.frame",
    { tabindex: "0", role: "group", "aria-label": `${plot.label}. Arrow keys read the marks one by one.` },
    drawing,
  );
  /** @type {{ places: Place[], current: number, width: number }} */
  const state = { places: [], current: -1, width: 0 };
  const ring = s("circle.ring", { r: 7, visibility: "hidden" });
  /** @param {number} index */
  const tell = (index) => {
    if (index < 0) return;
    state.current = index;
    const { x, y, point } = state.places[index];
    fill(ring, { cx: x, cy: y, visibility: "visible" }, []);
    told.replaceChildren(h("span", {}, plot.tell(point.outcome)));
  };
  /** @param {number} width */
  const draw = (width) => {
    state.width = width;
    state.places = placesOf(plot, width);
    const height = plot.rows.length * (ROW_LABEL_PX + ROW_BAND_PX + ROW_GAP_PX) + AXIS_PX;
    fill(drawing, { viewBox: `0 0 ${width} ${height}`, width, height }, []);
    drawing.replaceChildren(
      ...axisOf(plot, width, height),
      ...plot.rows.map((row, index) => rowLabel(row, index, width)),
      ...pointPaths(state.places),
      ...plot.rows.map((row, index) => boxOf(plot, row, index, width)),
      ring,
    );
    ring.setAttribute("visibility", "hidden");
  };
  new ResizeObserver(([entry]) => {
    const width = Math.max(WIDTH_PX_MIN, Math.floor(entry.contentRect.width));
    if (width !== state.width) draw(width);
  }).observe(frame);
  frame.addEventListener("pointermove", (event) => {
    const box = drawing.getBoundingClientRect();
    tell(nearest(state.places, event.clientX - box.left, event.clientY - box.top));
  });
  frame.addEventListener("keydown", (event) => {
    if (!Object.hasOwn(STEPS, event.key) || !state.places.length) return;
    event.preventDefault();
    tell(Math.min(state.places.length - 1, Math.max(0, state.current + STEPS[event.key])));
  });
  return h("figure", {}, frame, h("figcaption", {}, plot.axis), told);
}

/**
 * The upper edge of a row.
 *
 * @param {number} index
 */
function rowTop(index) {
  return index * (ROW_LABEL_PX + ROW_BAND_PX + ROW_GAP_PX);
}

/**
 * Where a value stands from left to right.
 *
 * @param {Plot} plot
 * @param {number} at
 * @param {number} width
 */
function across(plot, at, width) {
  return SIDE_PX + plot.scale(at) * (width - 2 * SIDE_PX);
}

/**
 * Where each point stands. The number of its copy moves it a little up or down, so that points do not hide each other;
 * the same copy is always moved the same way.
 *
 * @param {Plot} plot
 * @param {number} width
 * @returns {Place[]}
 */
function placesOf(plot, width) {
  const places = plot.points.map((point) => {
    const spread = (Math.imul(point.outcome.copy + 1, 2_654_435_761) >>> 0) / 2 ** 32 - 0.5;
    const x = across(plot, point.at, width);
    const y = rowTop(point.row) + ROW_LABEL_PX + ROW_BAND_PX / 2 + spread * (ROW_BAND_PX - 2 * POINT_PX);
    return { x, y, point };
  });
  return places.sort((left, right) => left.x - right.x);
}

/** @param {Place[]} places */
function pointPaths(places) {
  /** @type {string[][]} */
  const paths = groups.map(() => []);
  for (const { x, y, point } of places) {
    const { group } = point.outcome;
    paths[group].push(shape(groups[group].mark, round(x), round(y), POINT_PX));
  }
  return paths.map((path, index) => s(`path.points.${tone(groups[index].mark)}`, { d: path.join("") || null }));
}

/**
 * The index of the place that is nearest to (x, y), or -1 if none is near.
 *
 * @param {Place[]} places
 * @param {number} x
 * @param {number} y
 */
function nearest(places, x, y) {
  let best = -1;
  let least = NEAR_PX ** 2;
  places.forEach((place, index) => {
    const distance = (place.x - x) ** 2 + (place.y - y) ** 2;
    if (distance < least) {
      least = distance;
      best = index;
    }
  });
  return best;
}

/**
 * @param {Row} row
 * @param {number} index
 * @param {number} width
 */
function rowLabel(row, index, width) {
  const top = rowTop(index);
  const start = row.mark === undefined ? SIDE_PX : SIDE_PX + 14;
  const most = Math.floor((width - start) / 7.2);
  const text = row.label.length > most ? `${row.label.slice(0, most - 1)}…` : row.label;
  return s(
    "g",
    {},
    s("rect.band", { x: 0, y: top + ROW_LABEL_PX, width, height: ROW_BAND_PX }),
    row.mark === undefined ? null : s(`path.${tone(row.mark)}`, { d: shape(row.mark, SIDE_PX + 4, top + 10, 4.5) }),
    s("text.row", { x: start, y: top + 14 }, text, s("title", {}, row.label)),
  );
}

/**
 * @param {Plot} plot
 * @param {number} width
 * @param {number} height
 */
function axisOf(plot, width, height) {
  const bottom = height - AXIS_PX;
  return plot.ticks(width).map(({ at, label }) => {
    const x = round(across(plot, at, width));
    const anchor = x < 40 ? "start" : x > width - 40 ? "end" : "middle";
    return s(
      "g",
      {},
      s("line.grid", { x1: x, x2: x, y1: 0, y2: bottom + 4 }),
      s("text.tick", { x, y: bottom + 18, "text-anchor": anchor }, label),
    );
  });
}

/**
 * The box of a row: the middle half of its values, their median, and lines to the least and the greatest.
 *
 * @param {Plot} plot
 * @param {Row} row
 * @param {number} index
 * @param {number} width
 */
function boxOf(plot, row, index, width) {
  const { box } = row;
  if (!box) return s("g");
  const middle = rowTop(index) + ROW_LABEL_PX + ROW_BAND_PX / 2;
  const [least, low, median, high, most] = [box.min, box.p25, box.median, box.p75, box.max].map((value) =>
    round(across(plot, value, width)),
  );
  return s(
    "g.box",
    {},
    s("line", { x1: least, x2: low, y1: middle, y2: middle }),
    s("line", { x1: high, x2: most, y1: middle, y2: middle }),
    s("rect", { x: low, y: middle - 9, width: Math.max(1, high - low), height: 18 }),
    s("line.median", { x1: median, x2: median, y1: middle - 12, y2: middle + 12 }),
  );
}
