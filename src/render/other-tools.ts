import { ANNOTATION_HOOK } from "../api/group.js";
import type { Document } from "../manifest/document.js";
import { HOOK_KEYS, hookAnnotation } from "../manifest/hook.js";
import { KEEP_KEYS } from "../manifest/keep-annotations.js";
import { displayId } from "../manifest/object-id.js";
import { RECREATE_KEYS } from "../manifest/recreate.js";
import { ARGO_WAVE } from "../manifest/wave.js";
import type { Note } from "./request.js";

/** What becomes of documents for annotations of other tools. */
export interface OtherTools {
  readonly documents: readonly Document[];
  /** Documents that are not applied; their live objects are left alone. */
  readonly skipped: readonly Document[];
  readonly notes: readonly Note[];
}

/** Phases that do not exist here. Their hooks would do harm at any other time: they are not applied. */
const SKIPPED_PHASES: Readonly<Record<string, string>> = {
  Skip: "says so",
  "pre-rollback": "is for a rollback",
  "post-rollback": "is for a rollback",
  test: "is for a test of the release",
  "test-success": "is for a test of the release",
  "test-failure": "is for a test of the release",
};

/** Helm 2's phase of CustomResourceDefinitions, which are applied first anyway. */
const DEFINITIONS = "crd-install";

const SYNC_OPTIONS = "argocd.argoproj.io/sync-options";
/** Sync options that are honored (see `manifest/keep-annotations.ts`), or that say what this operator does anyway. */
const KNOWN_OPTIONS =
  /^(Prune|Delete|PruneLast|ServerSideApply=true|ApplyOutOfSyncOnly|SkipDryRunOnMissingResource|RespectIgnoreDifferences|FailOnSharedResource|ClientSideApplyMigration|Force=true)(=|$)/i;
/** Options of Argo CD that have no effect, and what happens instead. */
const UNKNOWN_OPTIONS: readonly (readonly [RegExp, string])[] = [
  [
    /^Replace=true$/i,
    "objects are updated by server-side apply, which removes what left Git; with Force=true as well, they are re-created where a field cannot be changed",
  ],
  [/^CreateNamespace=true$/i, "it is an option of an app: set spec.sync.createNamespace"],
  [/^Validate=false$/i, "server-side apply refuses unknown fields in any case, and values are validated by a dry run"],
];

/** An annotation, the values that the row is about (all but the empty one where there is no pattern), and what happens instead. */
type Row = readonly [annotation: string, values: RegExp | undefined, instead: string, skip?: "skip"];

const ORDER = "objects are applied in the order of their kinds, not in this one";
const REVERTED = "drift of it is reverted all the same";
const KEPT = "objects of this app are kept as they are in Git";
const RECONCILE =
  "in Git it only keeps the object from being deleted or overwritten at first; annotate the live object gitops.overseer.io/reconcile: disabled to have it left as it is";

/** Annotations other than hooks that have another effect here than with their own tool. Documents of rows with `skip` are not applied. */
const ROWS: readonly Row[] = [
  [ARGO_WAVE, /^(?![+-]?\d{1,9}$)/, "it is not an integer of at most nine digits; the object is in wave 0"],
  ["argocd.argoproj.io/ignore-healthcheck", /^true$/i, "its health counts all the same"],
  ["argocd.argoproj.io/compare-options", /Ignore/i, REVERTED],
  ["config.kubernetes.io/depends-on", undefined, ORDER],
  ["config.kubernetes.io/local-config", /^true$/i, "it is for tools, not for the cluster", "skip"],
  ["client.lifecycle.config.k8s.io/mutation", /^ignore$/i, KEPT],
  ["helm.toolkit.fluxcd.io/driftDetection", /^disabled$/i, REVERTED],
  ["kapp.k14s.io/change-rule", undefined, ORDER],
  ["kapp.k14s.io/change-group", undefined, ORDER],
  ["kapp.k14s.io/update-strategy", /replace|skip/i, "it is updated by server-side apply"],
  ["kustomize.toolkit.fluxcd.io/reconcile", /^disabled$/i, RECONCILE],
  ["kustomize.toolkit.fluxcd.io/ssa", /^ignore$/i, "its live object is left alone", "skip"],
  ["kustomize.toolkit.fluxcd.io/ssa", /^ifnotpresent$/i, `what exists already is not overwritten, but ${KEPT}`],
  [
    "kustomize.toolkit.fluxcd.io/ssa",
    /^merge$/i,
    "fields that Git does not name are left alone; drift of the others is reverted",
  ],
];

/** Every annotation of other tools that this operator honors or reports: the page about other tools lists them. */
export const KNOWN_ANNOTATIONS: ReadonlySet<string> = new Set([
  ...KEEP_KEYS,
  ...HOOK_KEYS,
  ARGO_WAVE,
  SYNC_OPTIONS,
  ...RECREATE_KEYS,
  ...ROWS.map(([annotation]) => annotation),
]);

/** Documents of one kind of note that are named one by one; of more, the first is, with their number. */
const SINGLY = 3;

interface Finding {
  readonly document: Document;
  /** What people call the annotation, with its value. */
  readonly mark: string;
  /** The same for all values: what findings are counted by. */
  readonly annotation: string;
  readonly text: string;
  readonly skip: boolean;
}

/**
 * Looks for annotations by which other tools run, order or treat objects in ways that this operator does not know (yet): none of
 * them is ignored in silence. Documents that would do harm when applied like others are taken out.
 */
export function honorOtherTools(documents: readonly Document[]): OtherTools {
  const findings = documents.flatMap(findingsOf);
  if (findings.length === 0) return { documents, skipped: [], notes: [] };
  const skipped = new Set(findings.filter(({ skip }) => skip).map(({ document }) => document));
  // Of what is not applied, nothing else matters.
  const reported = findings.filter(({ document, skip }) => skip || !skipped.has(document));
  return {
    documents: documents.filter((document) => !skipped.has(document)),
    skipped: [...skipped],
    notes: notesOf(reported),
  };
}

function findingsOf(document: Document): Finding[] {
  const annotations = document.object.metadata.annotations;
  if (annotations === undefined) return [];
  const found = [...hookFindings(document, annotations), ...optionFindings(document, annotations)];
  for (const [annotation, values, instead, skipped] of ROWS) {
    const skip = skipped !== undefined;
    const value = annotations[annotation];
    if (value === undefined || value === "" || (values && !values.test(value.trim()))) continue;
    const mark = `${annotation}: ${value.trim()}`;
    found.push({
      document,
      mark,
      annotation,
      skip,
      text: skip ? `is not applied: ${mark}: ${instead}` : `${mark} has no effect: ${instead}`,
    });
  }
  return found;
}

function hookFindings(document: Document, annotations: Readonly<Record<string, string>>): Finding[] {
  const found = hookAnnotation({ annotations });
  // Invalid values of our own annotation are errors.
  if (found === undefined || found.key === ANNOTATION_HOOK) return [];
  const { key: annotation, value, hook, unknown, problems } = found;
  const mark = `${annotation}: ${value}`;
  const finding = (text: string, skip = false): Finding => ({ document, mark, annotation, skip, text });
  const odd = unknown.filter((phase) => phase !== DEFINITIONS);
  if (hook !== undefined)
    return [
      ...problems.map((problem) => finding(`${mark}: ${problem}; it is ignored`)),
      ...odd.map((phase) =>
        finding(`${mark} does not run as ${phase}, which ${SKIPPED_PHASES[phase] ?? "is no phase"}`),
      ),
    ];
  const [first] = odd.flatMap((phase) => SKIPPED_PHASES[phase] ?? []);
  if (first !== undefined) return [finding(`is not applied: ${mark} ${first}`, true)];
  return odd.map((phase) =>
    finding(`${mark} has no effect: ${phase} is no phase; it is applied like any other object`),
  );
}

function optionFindings(document: Document, annotations: Readonly<Record<string, string>>): Finding[] {
  const options = (annotations[SYNC_OPTIONS] ?? "").split(",").map((option) => option.trim());
  return options
    .filter((option) => option !== "" && !KNOWN_OPTIONS.test(option))
    .map((option) => {
      const mark = `${SYNC_OPTIONS}: ${option}`;
      const instead = UNKNOWN_OPTIONS.find(([pattern]) => pattern.test(option))?.[1];
      const text = `${mark} has no effect: ${instead ?? "objects are validated and updated by server-side apply"}`;
      return { document, mark, annotation: mark, skip: false, text };
    });
}

/** Notes by object; where many say the same of one annotation, the first and how many more. */
function notesOf(findings: readonly Finding[]): Note[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    const key = `${finding.annotation} ${finding.skip}`;
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()].flatMap((group) => {
    if (group.length <= SINGLY || group[0]?.skip) return group.map((finding) => noteOf(finding, ""));
    const [first] = group;
    return first ? [noteOf(first, ` (and on ${group.length - 1} more objects)`)] : [];
  });
}

function noteOf({ document, text, mark }: Finding, more: string): Note {
  const message = more === "" ? text : text.replace(mark, `${mark}${more}`);
  return { message, origin: document.origin, object: displayId(document.id) };
}
