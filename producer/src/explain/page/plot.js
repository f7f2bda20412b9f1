// Plots of outcomes as points in rows: one path a class, so that ten thousand points stay quick.

const ROW_LABEL_PX = 18;
const ROW_BAND_PX = 30;
const ROW_GAP_PX = 8;
const AXIS_PX = 30;
const SIDE_PX = 12;
const POINT_PX = 3.4;
const WIDTH_PX_MIN = 240;
const NEAR_PX = 24;
// How far each key goes among the marks, which are in the order of their places from left to right.
const STEPS = { ArrowRight: 1, ArrowLeft: -1, PageDown: 100, PageUp: -100, Home: -Infinity, End: Infinity };

/**
 * A plot that fits its width.
 *
 * Takes { label, axis, rows: [{ label, mark, box }], points: [{ row, at, outcome }], scale, ticks, tell(outcome) },
 * where scale(value) is between 0 and 1, ticks(width) gives [{ at, label }] and a box has the five numbers of a run time.
 */
function rowPlot(plot) {
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
  const state = { places: [], current: -1, width: 0 };
  const ring = s("circle.ring", { r: 7, visibility: "hidden" });
  const tell = (index) => {
    if (index < 0) return;
    state.current = index;
    const { x, y, point } = state.places[index];
    fill(ring, { cx: x, cy: y, visibility: "visible" }, []);
    told.replaceChildren(h("span", {}, plot.tell(point.outcome)));
  };
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

function rowTop(index) {
  return index * (ROW_LABEL_PX + ROW_BAND_PX + ROW_GAP_PX);
}

function across(plot, at, width) {
  return SIDE_PX + plot.scale(at) * (width - 2 * SIDE_PX);
}

/** Where each point stands; a little above or below its row by its copy, the same each time, so that points do not hide each other. */
function placesOf(plot, width) {
  const places = plot.points.map((point) => {
    const spread = (Math.imul(point.outcome.copy + 1, 2_654_435_761) >>> 0) / 2 ** 32 - 0.5;
    const x = across(plot, point.at, width);
    const y = rowTop(point.row) + ROW_LABEL_PX + ROW_BAND_PX / 2 + spread * (ROW_BAND_PX - 2 * POINT_PX);
    return { x, y, point };
  });
  return places.sort((left, right) => left.x - right.x);
}

function pointPaths(places) {
  const paths = groups.map(() => []);
  for (const { x, y, point } of places) {
    const { group } = point.outcome;
    paths[group].push(shape(groups[group].mark, round(x), round(y), POINT_PX));
  }
  return paths.map((path, index) => s(`path.points.${tone(groups[index].mark)}`, { d: path.join("") || null }));
}

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

function boxOf(plot, row, index, width) {
  if (!row.box) return s("g");
  const middle = rowTop(index) + ROW_LABEL_PX + ROW_BAND_PX / 2;
  const [least, low, median, high, most] = ["min", "p25", "median", "p75", "max"].map((name) =>
    round(across(plot, row.box[name], width)),
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
