// How elements are made. Texts only ever become text nodes and values of harmless attributes.

const SVG = "http://www.w3.org/2000/svg";

/** An element: `h("p.note", { title: "…" }, "text", node)`. An attribute that is null or false is left out. */
function h(name, attributes = {}, ...children) {
  const [tag, ...kinds] = name.split(".");
  const element = document.createElement(tag);
  if (kinds.length) element.className = kinds.join(" ");
  return fill(element, attributes, children);
}

/** An element of a drawing. */
function s(name, attributes = {}, ...children) {
  const [tag, ...kinds] = name.split(".");
  const element = document.createElementNS(SVG, tag);
  if (kinds.length) element.setAttribute("class", kinds.join(" "));
  return fill(element, attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : TEXT_ATTRIBUTES.has(name) ? visible(value) : value);
  }
  const present = children.flat(3).filter((child) => child !== null && child !== undefined && child !== "");
  element.append(...present.map((child) => (child instanceof Node ? child : visible(child))));
  return element;
}

const TEXT_ATTRIBUTES = new Set(["title", "aria-label", "label"]);
// Control characters, and those that take no place or turn the direction of what follows.
const UNSEEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** A text with what cannot be seen written as numbers: two values that differ shall look different. */
function visible(text) {
  return String(text).replace(UNSEEN, (sign) => `\\u{${sign.charCodeAt(0).toString(16)}}`);
}

let ids = 0;
function newId(name) {
  ids += 1;
  return `${name}-${ids}`;
}

// One shape a class, so that nothing hangs on telling colours apart. Each is a path around (x, y).
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

function round(number) {
  return Math.round(number * 100) / 100;
}

/** The path of the shape of a group. */
function shape(mark, x, y, r) {
  if (mark === FAILED) return polygon(turned)(x, y, r);
  if (mark === OTHERS) return SHAPES[0](x, y, r * 0.55);
  return SHAPES[mark](x, y, r);
}

/** The name of the colour of a group. */
function tone(mark) {
  return `tone-${mark}`;
}

/** The shape and the name of a class. */
function classMark(label) {
  const { mark } = groups[groupOf(label)] ?? { mark: OTHERS };
  const drawing = s(
    "svg.mark",
    { viewBox: "-6 -6 12 12", "aria-hidden": "true" },
    s(`path.${tone(mark)}`, { d: shape(mark, 0, 0, 5) }),
  );
  return h("span.class", {}, drawing, label ?? FAILED);
}

/** A value of a fact, shortened where it is long. */
function factValue(value) {
  if (value === null || value === undefined) return h("i.absent", {}, NOT_RECORDED);
  if (value === "") return h("i.absent", {}, "empty");
  const shown = shortValue(value);
  return h("code.value", { title: shown === value ? null : value }, shown);
}

function timeElement(text) {
  const ms = typeof text === "number" ? text : Date.parse(text);
  if (!isTime(ms)) return h("span", {}, text === null || text === undefined ? "–" : String(text));
  const digits = typeof text === "number" ? 3 : 0;
  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
  return h(
    "time",
    { datetime: new Date(ms).toISOString(), title: `local: ${local.format(ms)}` },
    utc(ms, digits),
    " UTC",
  );
}

/** A digest in short, whole when pointed at, and a button that copies it whole. */
function digestElement(digest) {
  const button = h("button.copy", { type: "button", "aria-label": `Copy the digest ${digest}` }, "copy");
  button.addEventListener("click", async () => {
    button.textContent = (await copyText(digest)) ? "copied" : "select it";
    setTimeout(() => {
      button.textContent = "copy";
    }, 1_500);
  });
  return h("span.digest", {}, h("code", { title: digest }, shortDigest(digest)), " ", button);
}

async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Pages opened from a disk may have no clipboard; the older way works for them.
    const area = h("textarea", { "aria-hidden": "true", class: "unseen" });
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

/** A labelled choice: `options` are [value, text] or { label, options }. */
function choice(label, options, chosen, changed) {
  const id = newId("choice");
  const select = h("select", { id });
  const option = ([value, text]) => h("option", { value }, text);
  for (const each of options) {
    select.append(Array.isArray(each) ? option(each) : h("optgroup", { label: each.label }, each.options.map(option)));
  }
  select.value = chosen;
  select.addEventListener("change", () => changed(select.value));
  return h("span.control", {}, h("label", { for: id }, label), select);
}

/** A labelled box that filters while one types. */
function filterBox(label, changed) {
  const id = newId("filter");
  const input = h("input", { id, type: "search", autocomplete: "off", spellcheck: "false" });
  input.addEventListener("input", () => changed(input.value));
  return h("span.control", {}, h("label", { for: id }, label), input);
}

/** A labelled switch. */
function toggle(label, on, changed) {
  const id = newId("switch");
  const input = h("input", { id, type: "checkbox" });
  input.checked = on;
  input.addEventListener("change", () => changed(input.checked));
  return h("span.control.switch", {}, input, h("label", { for: id }, label));
}

/** A box that scrolls by itself, and that the keyboard reaches when there is something to scroll. */
function scrollBox(label, content) {
  const box = h("div.scroll", { role: "region", "aria-label": label }, content);
  new ResizeObserver(() => {
    if (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }).observe(box);
  return box;
}
