// @ts-check
// How elements are made. Texts only ever become text nodes and values of harmless attributes.

const SVG = "http://www.w3.org/2000/svg";

/**
 * @template {string} N
 * @typedef {N extends keyof HTMLElementTagNameMap ? HTMLElementTagNameMap[N]
 *   : N extends `${infer Tag extends keyof HTMLElementTagNameMap}.${string}` ? HTMLElementTagNameMap[Tag]
 *   : HTMLElement} ElementOf the element that a name such as `input` or `button.copy` makes
 */
/** @typedef {Node | string | number | null | undefined | Child[]} Child a list's items are children too */
/** @typedef {string | number | boolean | null | undefined} Value of an attribute; null, undefined and false leave it out */

/**
 * An element: `h("p.note", { title: "…" }, "text", node)`. A function among the attributes is a listener.
 *
 * @template {string} N
 * @param {N} name
 * @param {Record<string, Value | EventListener>} [attributes]
 * @param {Child[]} children
 * @returns {ElementOf<N>}
 */
export function h(name, attributes = {}, ...children) {
  const [tag, ...kinds] = name.split(".");
  const element = document.createElement(tag);
  if (kinds.length) element.className = kinds.join(" ");
  return /** @type {ElementOf<N>} */ (fill(element, attributes, children));
}

/**
 * An element of a drawing.
 *
 * @param {string} name
 * @param {Record<string, Value>} [attributes]
 * @param {Child[]} children
 * @returns {SVGElement}
 */
export function s(name, attributes = {}, ...children) {
  const [tag, ...kinds] = name.split(".");
  const element = document.createElementNS(SVG, tag);
  if (kinds.length) element.setAttribute("class", kinds.join(" "));
  return /** @type {SVGElement} */ (fill(element, attributes, children));
}

/**
 * Sets attributes of `element` and appends children to it.
 *
 * @template {Element} E
 * @param {E} element
 * @param {Record<string, Value | EventListener>} attributes
 * @param {Child[]} children
 */
export function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : TEXT_ATTRIBUTES.has(name) ? visible(value) : String(value));
  }
  for (const child of /** @type {unknown[]} */ (children).flat(Infinity)) {
    if (child === null || child === undefined || child === "") continue;
    element.append(child instanceof Node ? child : visible(child));
  }
  return element;
}

const TEXT_ATTRIBUTES = new Set(["title", "aria-label", "label"]);
// Control characters, and characters that are invisible or change the direction of the text after them.
const UNSEEN = /(?![\t\n])\p{Cc}|[\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;

/**
 * A text in which invisible characters are written as numbers, so that two values that differ look different.
 *
 * @param {unknown} text
 */
function visible(text) {
  return String(text).replace(UNSEEN, (sign) => `\\u{${sign.charCodeAt(0).toString(16)}}`);
}

let ids = 0;

/**
 * An id that no other element has.
 *
 * @param {string} name
 */
export function newId(name) {
  ids += 1;
  return `${name}-${ids}`;
}

/**
 * A box that scrolls by itself. The keyboard reaches it when there is something to scroll.
 *
 * @param {string} label
 * @param {Child} content
 */
export function scrollBox(label, content) {
  const box = h("div.scroll", { role: "region", "aria-label": label }, content);
  new ResizeObserver(() => {
    if (box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }).observe(box);
  return box;
}
