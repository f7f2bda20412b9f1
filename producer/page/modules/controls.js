// @ts-check
// Controls with a label: a choice, a filter and a switch. Each calls `changed` with its new value.

import { h, newId } from "./elements.js";

/** @typedef {[value: string, text: string]} Option */

/**
 * @param {string} label
 * @param {Option[]} options
 * @param {string} chosen
 * @param {(value: string) => void} changed
 */
export function choice(label, options, chosen, changed) {
  const id = newId("choice");
  const select = h(
    "select",
    { id },
    options.map(([value, text]) => h("option", { value }, text)),
  );
  select.value = chosen;
  select.addEventListener("change", () => changed(select.value));
  return h("span.control", {}, h("label", { for: id }, label), select);
}

/**
 * @param {string} label
 * @param {(text: string) => void} changed
 */
export function filterBox(label, changed) {
  const id = newId("filter");
  const input = h("input", { id, type: "search", autocomplete: "off", spellcheck: "false" });
  input.addEventListener("input", () => changed(input.value));
  return h("span.control", {}, h("label", { for: id }, label), input);
}

/**
 * @param {string} label
 * @param {boolean} on
 * @param {(on: boolean) => void} changed
 */
export function toggle(label, on, changed) {
  const id = newId("switch");
  const input = h("input", { id, type: "checkbox" });
  input.checked = on;
  input.addEventListener("change", () => changed(input.checked));
  return h("span.control.switch", {}, input, h("label", { for: id }, label));
}
