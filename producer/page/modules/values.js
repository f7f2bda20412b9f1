// @ts-check
// Values as elements: facts, times and digests.

import { h } from "./elements.js";
import { counted, isTime, NOT_RECORDED, shortDigest, shortValue, utc } from "./format.js";

const COPIED_MS = 1_500;

/**
 * A value of a fact, shortened if it is long.
 *
 * @param {string | null | undefined} value
 */
export function factValue(value) {
  if (value === null || value === undefined) return h("i.absent", {}, NOT_RECORDED);
  if (value === "") return h("i.absent", {}, "empty");
  const shown = shortValue(value);
  return h("code.value", { title: shown === value ? null : value }, shown);
}

/**
 * How many things a list leaves out; nothing if it has all.
 *
 * @param {number | undefined} more
 * @param {string} one
 * @param {string} [many]
 */
export function leftOut(more, one, many) {
  return more && more > 0 ? h("p.note", {}, `${counted(more, one, many)} not listed on this page.`) : null;
}

/**
 * A time in UTC; its title is the local time. A text that is not a time stays as it is.
 *
 * @param {string} text
 */
export function timeElement(text) {
  const ms = Date.parse(text);
  if (!isTime(ms)) return h("span", {}, text);
  const local = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
  const title = `local: ${local.format(ms)}`;
  return h("time", { datetime: new Date(ms).toISOString(), title }, utc(ms), " UTC");
}

/**
 * The first digits of a digest. The title is the whole digest, and a button copies it.
 *
 * @param {string} digest
 */
export function digestElement(digest) {
  const button = h("button.copy", { type: "button", "aria-label": `Copy the digest ${digest}` }, "copy");
  button.addEventListener("click", async () => {
    button.textContent = (await copyText(digest)) ? "copied" : "select it";
    setTimeout(() => {
      button.textContent = "copy";
    }, COPIED_MS);
  });
  return h("span.digest", {}, h("code", { title: digest }, shortDigest(digest)), " ", button);
}

/** @param {string} text */
async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // A page opened from a disk may have no clipboard. The older way works there.
    const area = h("textarea", { "aria-hidden": "true", class: "unseen" });
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}
