// @ts-check
// The head of the page: the verdict with its reasons, and the tables of classes and of failures.

import { h, s } from "./elements.js";
import { explanation } from "./explanation.js";
import { count, counted, duration, percent, together } from "./format.js";
import { classMark, tone } from "./marks.js";
import { allDiffer, classes, groupOf, groups, outcomes } from "./model.js";
import { numberColumn, placeColumn, sortableTable, textColumn } from "./table.js";
import { digestElement, leftOut, timeElement } from "./values.js";

/** @import { Child } from "./elements.js" */
/** @import { DigestClass } from "./explanation.js" */
/** @import { Column } from "./table.js" */

/** @type {Record<string, string>} A verdict has a sign and a word; its colour only repeats them. */
const VERDICT_SIGNS = { reproducible: "=", divergent: "≠", inconclusive: "?", cancelled: "×", running: "…" };
/** @type {Record<string, string>} */
const CAUSES = {
  failures: "copies failed",
  deadline: "the deadline passed",
  coverage: "too few sandboxes gave a digest",
  drift: "the copies agree, but not with the expected digest",
  empty: "every output is empty",
};

export function verdictHead() {
  const { verdict, cause, job, submission } = explanation;
  const known = Object.hasOwn(VERDICT_SIGNS, verdict);
  const because = cause ? h("span.cause", {}, `because ${Object.hasOwn(CAUSES, cause) ? CAUSES[cause] : cause}`) : null;
  const word = h(
    "p.verdict",
    { class: known ? `is-${verdict}` : "" },
    h("span.sign", { "aria-hidden": "true" }, known ? VERDICT_SIGNS[verdict] : "?"),
    h("strong", {}, verdict),
    because,
  );
  word.classList.add("verdict");
  return h(
    "header",
    {},
    h("p.kind", {}, "Concord · why the copies of a job agree or differ"),
    h("h1", {}, "Job ", h("span", {}, job)),
    word,
    summary(),
    h("p.coverage", {}, [producedSentence(), coverageSentence(), sampleSentence()].filter(Boolean).join(" ")),
    about(submission !== job ? submission : null),
  );
}

function summary() {
  const { separates, failures, difference, supports } = explanation.summary ?? {};
  const sentences = [
    ["What separates the classes", separates],
    ["What goes with the failures", failures],
    ["How they differ", difference],
    ["What the verdict supports", supports],
  ];
  return h(
    "dl.summary",
    {},
    sentences.flatMap(([label, text]) => (text ? [h("div", {}, h("dt", {}, label), h("dd", {}, together(text)))] : [])),
  );
}

function producedSentence() {
  const { copies, produced, failed } = explanation;
  return `${count(produced)} of ${counted(copies, "copy", "copies")} gave a digest${failed ? `, ${count(failed)} failed` : ""}.`;
}

/** Where the copies ran; nothing if no copy gave a digest. */
function coverageSentence() {
  const { coverage, unit, produced } = explanation;
  if (!coverage || !produced) return "";
  if (unit === "unseen" || !coverage.host_seen) return "The machines that ran them are not seen.";
  /** @type {(number: number, one: string, many?: string) => string[]} */
  const some = (number, one, many) => (number ? [counted(number, one, many)] : []);
  const places = [
    ...(unit === "machine" ? [] : some(coverage.sandboxes, "sandbox", "sandboxes").map((words) => `in ${words}`)),
    ...some(coverage.hosts, "machine").map((words) => `on ${words}`),
  ];
  const kinds = [
    ...some(coverage.cpu_kinds, "kind of CPU", "kinds of CPU"),
    ...some(coverage.canary_classes, "canary class", "canary classes"),
    ...some(coverage.architectures, "architecture"),
    ...some(coverage.memory_sizes, "memory size"),
  ];
  return `They ran ${places.join(" ")}${kinds.length ? `: ${kinds.join(", ")}` : ""}.`;
}

/** From how many copies the tables and plots are, if not from all. */
function sampleSentence() {
  const shown = new Set(outcomes.map((outcome) => outcome.copy)).size;
  if (!explanation.left_out?.outcomes && (explanation.copies_read ?? explanation.copies) >= explanation.copies)
    return "";
  return `Plots, facts and outcomes on this page are those of ${counted(shown, "copy", "copies")}: rare classes and failures first, then others from all over the job.`;
}

/** @param {string | null} submission the submission, if it has another name than the job */
function about(submission) {
  const { calculation, payload, submitted_at, decided_at, ended_at } = explanation;
  /** @type {[string, Child][]} */
  const entries = [
    ["Submission", submission && h("code", {}, submission)],
    ["Calculation", calculation && h("code", {}, calculation)],
    ["Payload", payload && [digestElement(payload.digest), ` ${counted(payload.bytes, "byte")}`]],
    ["Submitted", submitted_at && timeElement(submitted_at)],
    ["Decided", decided_at && timeElement(decided_at)],
    ["Ended", ended_at && timeElement(ended_at)],
  ];
  return h(
    "dl.about",
    {},
    entries.filter(([, value]) => value).map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))),
  );
}

// A job may have as many classes as copies.
const CLASSES_A_PAGE = 20;

export function classesSection() {
  if (!classes.length) return null;
  const most = Math.max(...classes.map((each) => each.copies));
  const rows = classes.map((each, place) => ({ each, place }));
  const { coverage, unit } = explanation;
  /** @type {Column<{ each: DigestClass, place: number }>[]} */
  const columns = [
    textColumn(
      "class",
      "Class",
      (row) => row.place,
      ({ each }) => classMark(each.class),
    ),
    textColumn(
      "digest",
      "Digest",
      ({ each }) => each.digest,
      ({ each }) => digestElement(each.digest),
    ),
    numberColumn("copies", "Copies", ({ each }) => each.copies),
  ];
  // If one class has all copies, or each class has one, their shares say nothing.
  if (classes.length > 1 && !allDiffer) {
    columns.push({
      key: "share",
      label: "Share",
      downFirst: true,
      sorts: ({ each }) => each.copies,
      cell: ({ each }) => shareCell(each, most),
    });
  }
  if (unit === "sandbox") columns.push(numberColumn("places", "Sandboxes", ({ each }) => each.sandboxes));
  if (unit === "machine" && (coverage?.hosts ?? 0) > 1)
    columns.push(numberColumn("places", "Machines", ({ each }) => each.machines ?? null));
  columns.push(
    placeColumn("first", "First copy", ({ each }) => each.first_copy),
    numberColumn("bytes", "Bytes", ({ each }) => each.bytes),
    numberColumn("median", "Median run", ({ each }) => each.run_us?.median ?? null, duration),
  );
  const table = sortableTable({
    caption: "Classes of equal digests, most frequent first",
    columns,
    rows,
    size: CLASSES_A_PAGE,
    sort: { key: "class" },
    noun: "classes",
  });
  const all = explanation.distinct_digests ?? classes.length;
  return h("div", {}, table.node, leftOut(all - classes.length, "more class", "more classes"));
}

/**
 * The share of a class among all copies, as a number and as a bar. The bar of a class with `most` copies is full.
 *
 * @param {DigestClass} each
 * @param {number} most
 */
function shareCell(each, most) {
  const { mark } = groups[groupOf(each.class)];
  const bar = s(
    "svg.bar",
    { viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" },
    s(`rect.${tone(mark)}`, { width: Math.max(1, (each.copies / most) * 100), height: 8 }),
  );
  return h("span.barred", {}, bar, h("span.number", {}, percent(each.copies / explanation.produced)));
}

export function failuresSection() {
  const { failures = [], hidden_failures: hidden = [], left_out: left = {} } = explanation;
  if (!failures.length && !hidden.length) return null;
  const read = (explanation.copies_read ?? explanation.copies) < explanation.copies;
  const ofRead = read ? `, of ${counted(explanation.copies_read ?? 0, "copy that was", "copies that were")} read` : "";
  return h(
    "div",
    {},
    failures.length ? reasonTable("Copies that gave no digest", failures) : null,
    leftOut(left.failures, "more reason"),
    hidden.length
      ? reasonTable(`Copies that failed at first, and gave a digest at a later attempt${ofRead}`, hidden)
      : null,
    leftOut(left.hidden_failures, "more reason"),
  );
}

/**
 * @param {string} caption
 * @param {{ reason: string, copies: number }[]} rows
 */
function reasonTable(caption, rows) {
  const table = sortableTable({
    caption,
    columns: [
      numberColumn("copies", "Copies", (row) => row.copies),
      textColumn(
        "reason",
        "Reason",
        (row) => row.reason,
        (row) => h("span.reason", {}, row.reason),
      ),
    ],
    rows,
    size: CLASSES_A_PAGE,
    sort: { key: "copies", down: true },
    noun: "reasons",
  });
  return h("div.narrow", {}, table.node);
}
