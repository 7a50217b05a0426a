import { CORE_OBJECT_GROUP } from "../../api/core/objects.js";
import type { Document } from "../../manifest/document.js";
import type { MissingReference, Preview, PreviewedWrite, RefusedWrite, WriteAction } from "../../plan/actions.js";
import { DiffBudget } from "../../plan/diff-budget.js";
import { appKey } from "../../plan/live.js";
import type { Target } from "../destination.js";
import type { CoreAbilities } from "./client/core-limits.js";
import { desiredOf } from "./desired-spec.js";
import { fieldChanges } from "./field-changes.js";
import type { Managed } from "./kinds/core-kind.js";
import { ownershipOf } from "./ownership-record.js";
import type { CoreState } from "./state/core-state.js";
import { TakenPorts } from "./taken-ports.js";

/** Input of a preview. */
export interface PreviewFacts {
  readonly target: Target;
  readonly state: CoreState;
  readonly abilities: CoreAbilities;
  readonly instance: string;
  /** All documents of the app, to know which apps are about to be created. */
  readonly all: readonly Document[];
}

/** Judges all writes by the known state of the Core, without requests. */
export function previewWrites(writes: readonly WriteAction[], facts: PreviewFacts): Preview {
  const coming = new Set(
    facts.all.flatMap(({ id: { group, kind, name } }) => {
      if (group !== CORE_OBJECT_GROUP) return [];
      return kind === "App" ? [name] : kind === "Secret" ? [`secret ${name}`] : [];
    }),
  );
  const { state, instance, all, target } = facts;
  const ports = new TakenPorts({ state, app: target.app, instance, all });
  const accepted: PreviewedWrite[] = [];
  const refused: RefusedWrite[] = [];
  const missing: MissingReference[] = [];
  const budget = new DiffBudget();
  for (const action of writes) {
    const desired = desiredOf(action.document);
    const { rules, spec } = desired;
    const { name } = action.document.id;
    const record = rules.find(facts.state, name);
    const foreign = record && ownershipRefusal(rules.alwaysThere, record, facts);
    const refusal = foreign ?? rules.refusal(spec, record, facts.state, facts.abilities, name);
    const owner = foreign === undefined ? undefined : ownerOf(record, facts);
    const faults = refusal === undefined && rules.kind === "App" ? ports.faultsOf(action.document) : [];
    if (refusal !== undefined) refused.push({ action, message: refusal, retryable: true, owner });
    else if (faults.length > 0) {
      refused.push({ action, message: faults.map(({ message }) => message).join("; "), faults, retryable: true });
    } else {
      const write = accept(action, record, facts);
      accepted.push({ ...write, diff: budget.add(write.diff) });
      for (const { name: what, remedy } of rules.missing(spec, name, facts.state, coming)) {
        const place = action.document.places?.get(what);
        missing.push({ action, what: `${what} (${remedy})`, ...(place === undefined ? {} : { place }) });
      }
    }
  }
  const shown = accepted.map((write) => ({ ...write, diff: budget.cut(write.diff) }));
  return { accepted: shown, refused, deferred: [], missing };
}

function accept(action: WriteAction, record: Managed | undefined, { state }: PreviewFacts): PreviewedWrite {
  const adopts =
    record !== undefined && ownershipOf(record.metadata) === undefined && !desiredOf(action.document).rules.alwaysThere;
  return {
    action,
    verb: record === undefined ? "Create" : adopts ? "Adopt" : "Update",
    stamp: "",
    reason: adopts ? "exists in the Core without an owner (sync.adopt: Always)" : undefined,
    diff: record === undefined ? [] : fieldChanges(desiredOf(action.document), record, state),
    warnings: [],
  };
}

/** Returns the app of this installation that owns a resource. */
function ownerOf(record: Managed | undefined, { instance }: PreviewFacts): string | undefined {
  const ownership = record && ownershipOf(record.metadata);
  return ownership?.instance === instance ? ownership.app : undefined;
}

/** Returns why an existing resource must not be changed; undefined if it belongs to the app or may be adopted. */
function ownershipRefusal(
  alwaysThere: boolean,
  record: Managed,
  { target, instance }: PreviewFacts,
): string | undefined {
  const ownership = ownershipOf(record.metadata);
  const { adopt } = target;
  if (ownership === undefined) {
    if (alwaysThere || adopt === "Always") return undefined;
    return "exists in the Core already and no app manages it: set sync.adopt: Always to take ownership and overwrite it, or use another name";
  }
  if (ownership.instance !== instance) {
    if (adopt === "Always") return undefined;
    return `is managed by OverseerApp ${ownership.app} of another cluster: delete it there first, or set sync.adopt: Always to take ownership`;
  }
  if (ownership.app === appKey(target.app)) return undefined;
  return `belongs to OverseerApp ${ownership.app}: remove it from that app's source first, or use another name`;
}
