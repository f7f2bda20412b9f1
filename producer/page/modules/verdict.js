// @ts-check
// The head of the page: the verdict with its reasons, and the tables of classes and of failures.

import { h, s } from "./elements.js";
import { explanation } from "./explanation.js";
import { count, counted, duration, percent } from "./format.js";
import { classMark, tone } from "./marks.js";
import { classes, groupOf, groups } from "./model.js";
import { numberColumn, placeColumn, sortableTable, textColumn } from "./table.js";
import { digestElement, timeElement } from "./values.js";

/** @import { Child } from "./elements.js" */
/** @import { DigestClass } from "./explanation.js" */
/** @import { Column } from "./table.js" */

/** @type {Record<string, string>} A verdict has a sign and a word; its colour only repeats them. */
const VERDICT_SIGNS = { reproducible: "=", divergent: "≠", inconclusive: "?", cancelled: "×", running: "…" };
/** @type {Record<string, string>} */
const CAUSES = {
  failures: "copies failed",
  deadline: "the deadline passed",
  coverage: "the copies do not cover enough of the fleet",
  drift: "a copy gave another digest than before",
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
    h("p.coverage", {}, coverageSentence()),
    about(submission !== job ? submission : null),
  );
}

function summary() {
  const { separates, difference, supports } = explanation.summary ?? {};
  const sentences = [
    ["What separates the classes", separates],
    ["How they differ", difference],
    ["What the verdict supports", supports],
  ];
  return h(
    "dl.summary",
    {},
    sentences.filter(([, text]) => text).map(([label, text]) => h("div", {}, h("dt", {}, label), h("dd", {}, text))),
  );
}

function coverageSentence() {
  const { coverage, copies, produced, failed } = explanation;
  const began = `${count(produced)} of ${counted(copies, "copy", "copies")} gave a digest${failed ? `, ${count(failed)} failed` : ""}`;
  if (!coverage) return `${began}.`;
  const hosts = coverage.host_seen ? `on ${counted(coverage.hosts, "host")}` : "on hosts that could not be told apart";
  return (
    `${began}. They ran in ${counted(coverage.sandboxes, "sandbox", "sandboxes")} ${hosts}: ` +
    `${counted(coverage.cpu_kinds, "kind")} of CPU, ${counted(coverage.canary_classes, "class", "classes")} of canary, ` +
    `${counted(coverage.architectures, "architecture")}, ${counted(coverage.memory_sizes, "memory size")}.`
  );
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
  if (!classes.length) return h("p.empty", {}, "No copy has given a digest.");
  const most = Math.max(...classes.map((each) => each.copies));
  const rows = classes.map((each, place) => ({ each, place }));
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
    {
      key: "share",
      label: "Share",
      downFirst: true,
      sorts: ({ each }) => each.copies,
      cell: ({ each }) => shareCell(each, most),
    },
    numberColumn("sandboxes", "Sandboxes", ({ each }) => each.sandboxes),
    placeColumn("first", "First copy", ({ each }) => each.first_copy),
    numberColumn("bytes", "Bytes", ({ each }) => each.bytes),
    numberColumn("median", "Median run", ({ each }) => each.run_us?.median ?? null, duration),
  ];
  const table = sortableTable({
    caption: "Classes of equal digests, most frequent first",
    columns,
    rows,
    size: CLASSES_A_PAGE,
    sort: { key: "class" },
    noun: "classes",
  });
  return table.node;
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
  const failures = explanation.failures ?? [];
  if (!failures.length) return h("p.empty", {}, "No copy failed.");
  const table = sortableTable({
    caption: "Why copies gave no digest",
    columns: [
      numberColumn("copies", "Copies", (row) => row.copies),
      textColumn(
        "reason",
        "Reason",
        (row) => row.reason,
        (row) => h("span.reason", {}, row.reason),
      ),
    ],
    rows: failures,
    size: CLASSES_A_PAGE,
    sort: { key: "copies", down: true },
    noun: "reasons",
  });
  return h("div.narrow", {}, table.node);
}
