import type { Fields } from "../fields.js";
import type { Findings } from "../finding.js";
import { defined, type FinalPolicy } from "../new-app.js";
import { listOrNone } from "./kustomize.js";

/** The parts of an app that come from `syncPolicy`, `ignoreDifferences` and `revisionHistoryLimit`. */
export interface ConvertedSync {
  readonly sync: Readonly<Record<string, unknown>>;
  readonly spec: Readonly<Record<string, unknown>>;
  readonly policy: FinalPolicy;
}

/** Options of a sync that the operator always has, or that have another name. Others are reported. */
const ALWAYS =
  /^(ServerSideApply|ApplyOutOfSyncOnly|SkipDryRunOnMissingResource|RespectIgnoreDifferences|FailOnSharedResource|ClientSideApplyMigration)=true$/;
const DEFAULTS =
  /^(Validate=true|CreateNamespace=false|PruneLast=false|Replace=false|Force=false|Prune=true|Delete=true|(ServerSideApply|ApplyOutOfSyncOnly|FailOnSharedResource|RespectIgnoreDifferences)=false)$/;
const OPTIONS: readonly (readonly [RegExp, string])[] = [
  [
    /^CreateNamespace=true$/,
    "the app is in this namespace of the local cluster, so create it before; a namespace of another cluster is created by sync.createNamespace",
  ],
  [
    /^Replace=true$/,
    "has no effect: objects are updated by server-side apply. To re-create objects whose immutable fields change, set the annotation gitops.overseer.io/recreate: allowed on them",
  ],
  [
    /^Force=true$/,
    "is dangerous, and not converted: set the annotation gitops.overseer.io/recreate: allowed on the objects that need it",
  ],
  [
    /^PruneLast=true$/,
    "is an option of single objects here: set the annotation argocd.argoproj.io/sync-options: PruneLast=true on them",
  ],
  [/^Validate=false$/, "objects are always validated: correct those that the API server rejects"],
  [/^Retry=/, "is no option of Argo CD: failed syncs are retried without end here"],
  [/^ClientSideApplyMigrationManager=/, "is not needed: fields of all known managers become those of the app"],
];
/** Options that protect all objects of an Application from deletion, and what becomes of them. The first one of each name counts. */
const PROTECTIONS: ReadonlyMap<string, string> = new Map([
  ["Prune=false", "becomes sync.prune: false, which also keeps objects that are annotated Prune=true"],
  [
    "Prune=confirm",
    "becomes sync.pruneBudget: 0, so that each deletion waits for an approval, also of objects that are annotated Prune=true; and deletionPolicy: Orphan, as the deletion of an app does not wait for one",
  ],
  ["Delete=false", "becomes deletionPolicy: Orphan, which also keeps objects that are annotated Delete=true"],
  [
    "Delete=confirm",
    "becomes deletionPolicy: Orphan, as the deletion of an app does not wait for an approval: to delete its objects as well, set deletionPolicy: Delete before you delete the app",
  ],
]);
const PROPAGATION: Readonly<Record<string, string>> = {
  background: "Background",
  foreground: "Foreground",
  orphan: "Orphan",
};

/** Options with which Argo CD does not delete the objects with the Application, or not without a confirmation. */
const KEEPS_ON_DELETION = ["Delete=false", "Delete=confirm", "Prune=confirm"];

/** Converts how an Application syncs. `deletes`: whether deleting it deletes its objects, by its finalizer. */
export function syncOf(
  spec: Fields,
  about: { readonly deletes: boolean; readonly remote: boolean },
  findings: Findings,
): ConvertedSync {
  const policy = spec.object("syncPolicy");
  const automated = policy?.object("automated");
  const isAutomated = automated !== undefined && automated.flag("enabled") !== false;
  const [prune, selfHeal] = ["prune", "selfHeal"].map((name) => automated?.flag(name) === true && isAutomated);
  if (!isAutomated)
    for (const name of ["prune", "selfHeal"])
      automated?.reportIfSet(name, "difference", "has no effect, as with Argo CD, because automated.enabled is false");
  const { propagation, protection } = optionsOf(policy, findings);
  const asksFirst = protection.has("Prune=confirm");
  const allowEmpty = (automated?.flag("allowEmpty") && !asksFirst) || undefined;
  if (asksFirst)
    automated?.reportIfSet(
      "allowEmpty",
      "difference",
      "is not converted because of Prune=confirm: an empty source would delete all objects without an approval",
    );
  const namespace = policy?.object("managedNamespaceMetadata");
  const metadata = defined({ labels: namespace?.textMap("labels"), annotations: namespace?.textMap("annotations") });
  const isCreated = about.remote && (policy?.texts("syncOptions") ?? []).includes("CreateNamespace=true");
  const retry = policy?.object("retry");
  return {
    policy: {
      mode: isAutomated ? "Automatic" : "Manual",
      selfHeal: selfHeal === true,
      // Argo CD prunes in manual syncs if the user asks for it; here the user decides by the plan.
      prune: prune === true && !protection.has("Prune=false"),
      deletionPolicy:
        about.deletes && !KEEPS_ON_DELETION.some((option) => protection.has(option)) ? "Delete" : "Orphan",
    },
    sync: defined({
      allowEmpty,
      pruneBudget: asksFirst ? 0 : undefined,
      createNamespace: isCreated || Object.keys(metadata).length > 0 ? metadata : undefined,
      deletePropagation: propagation,
      retry: retry === undefined ? undefined : retryOf(retry),
      ignoreDifferences: listOrNone(ignoredOf(spec, findings)),
    }),
    spec: defined({ historyLimit: historyOf(spec, findings) }),
  };
}

function historyOf(spec: Fields, findings: Findings): number | undefined {
  const limit = spec.integer("revisionHistoryLimit");
  if (limit === undefined) return undefined;
  if (limit < 1 || limit > 100)
    findings.add("difference", spec.pathOf("revisionHistoryLimit"), "is limited to 1 to 100 here");
  return Math.min(100, Math.max(1, limit));
}

/** Reads `syncOptions`: how objects are deleted, and what protects them all from deletion. */
function optionsOf(
  policy: Fields | undefined,
  findings: Findings,
): { readonly propagation: string | undefined; readonly protection: ReadonlySet<string> } {
  let propagation: string | undefined;
  const protections = new Map<string, string>();
  (policy?.texts("syncOptions") ?? []).forEach((option, index) => {
    const field = `${policy?.pathOf("syncOptions")}[${index}]`;
    const [name = "", value = ""] = option.split("=");
    if (name === "PrunePropagationPolicy") {
      propagation = PROPAGATION[value.toLowerCase()];
      if (propagation === undefined) findings.add("blocked", field, "must be background, foreground or orphan");
      return;
    }
    if ((name === "Prune" || name === "Delete") && protections.has(name)) {
      findings.add("difference", field, `${option}: has no effect, as with Argo CD: the first option ${name} counts`);
      return;
    }
    protections.set(name, option);
    if (ALWAYS.test(option) || DEFAULTS.test(option)) return;
    const protects = PROTECTIONS.get(option);
    const known = OPTIONS.find(([pattern]) => pattern.test(option))?.[1];
    if (protects !== undefined) findings.add("difference", field, `${option}: ${protects}`);
    else if (known !== undefined) findings.add("manual", field, `${option}: ${known}`);
    else
      findings.add(
        "blocked",
        field,
        `${JSON.stringify(option)} is not known to this version: check what it does, and remove it or convert this app by hand`,
      );
  });
  return { propagation, protection: new Set(protections.values()) };
}

function retryOf(retry: Fields): Record<string, unknown> | undefined {
  const limit = retry.integer("limit");
  if (limit !== undefined && limit >= 0)
    retry.report("limit", "difference", "failed syncs are retried without end, with a growing delay");
  retry.ignore("refresh");
  const backoff = retry.object("backoff");
  const factor = backoff?.integer("factor");
  if (factor !== undefined && factor !== 2) backoff?.report("factor", "difference", "the delay always doubles");
  const range = { base: durationOf(backoff?.text("duration")), max: durationOf(backoff?.text("maxDuration")) };
  return range.base === undefined && range.max === undefined ? undefined : defined(range);
}

/** A duration of Argo CD; a number without a unit is in seconds. */
function durationOf(text: string | undefined): string | undefined {
  return text !== undefined && /^\d+$/.test(text) ? `${text}s` : text;
}

function ignoredOf(spec: Fields, findings: Findings): readonly Record<string, unknown>[] {
  return spec.objects("ignoreDifferences").flatMap((rule) => {
    const pointers = [...(rule.texts("jsonPointers") ?? [])];
    (rule.texts("jqPathExpressions") ?? []).forEach((expression, index) => {
      const pointer = pointerOf(expression);
      if (pointer === undefined)
        findings.add(
          "manual",
          `${rule.pathOf("jqPathExpressions")}[${index}]`,
          "is no plain path: write it as a JSON pointer, with * for all items of a list, or name the field manager",
        );
      else pointers.push(pointer);
    });
    const managers = rule.texts("managedFieldsManagers");
    const target = { kind: rule.text("kind"), name: rule.text("name"), namespace: rule.text("namespace") };
    const group = rule.anyText("group");
    for (const name of ["group", "kind"] as const)
      if ((rule.anyText(name) ?? "").includes("*") && rule.anyText(name) !== "*")
        findings.add("blocked", rule.pathOf(name), "is a pattern: write a rule for each group and kind");
    if (pointers.length === 0 && managers === undefined) return [];
    return [
      defined({
        group: group === "*" ? undefined : group,
        ...target,
        kind: target.kind === "*" ? undefined : target.kind,
        jsonPointers: listOrNone(pointers),
        managers,
      }),
    ];
  });
}

/** `.webhooks[].clientConfig.caBundle` → the JSON pointer with a star for `[]`; undefined if the expression is more than a path. */
export function pointerOf(expression: string): string | undefined {
  const steps: string[] = [];
  let rest = expression.trim();
  while (rest !== "") {
    const step =
      /^\.?"([^"\\]+)"/.exec(rest) ?? /^\.([A-Za-z_][A-Za-z0-9_-]*)/.exec(rest) ?? /^\.?\["([^"\\]+)"\]/.exec(rest);
    const items = /^\.?\[(\d*)\]/.exec(rest);
    if (step?.[1] !== undefined) steps.push(step[1].replaceAll("~", "~0").replaceAll("/", "~1"));
    else if (items !== null) steps.push(items[1] === "" ? "*" : (items[1] ?? ""));
    else return undefined;
    rest = rest.slice((step ?? items)?.[0].length ?? 0);
  }
  return steps.length === 0 ? undefined : `/${steps.join("/")}`;
}
