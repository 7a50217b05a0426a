import { CORE_OBJECT_GROUP } from "../../api/core/objects.js";
import type { Document } from "../../manifest/document.js";
import type { MissingReference, Preview, PreviewedWrite, RefusedWrite, WriteAction } from "../../plan/actions.js";
import { appKey } from "../../plan/live.js";
import type { Target } from "../destination.js";
import type { CoreAbilities } from "./client/core-limits.js";
import { fieldChanges } from "./field-changes.js";
import type { Managed } from "./kinds/core-kind.js";
import { ownershipOf } from "./ownership-record.js";
import type { CoreState } from "./state/core-state.js";
import { TakenPorts } from "./taken-ports.js";
import { wantedOf } from "./wanted-spec.js";

/** What a preview looks at. */
export interface PreviewFacts {
  readonly target: Target;
  readonly state: CoreState;
  readonly abilities: CoreAbilities;
  readonly instance: string;
  /** Everything that the app wants, to know which apps are about to be made. */
  readonly all: readonly Document[];
}

/** Judges every write by what is known of the Core: no request is sent. */
export function previewWrites(writes: readonly WriteAction[], facts: PreviewFacts): Preview {
  const coming = new Set(
    facts.all.filter(({ id }) => id.group === CORE_OBJECT_GROUP && id.kind === "App").map(({ id }) => id.name),
  );
  const { state, instance, all, target } = facts;
  const ports = new TakenPorts({ state, app: target.app, instance, all });
  const accepted: PreviewedWrite[] = [];
  const refused: RefusedWrite[] = [];
  const missing: MissingReference[] = [];
  for (const action of writes) {
    const wanted = wantedOf(action.document);
    const { rules, spec } = wanted;
    const { name } = action.document.id;
    const seen = rules.find(facts.state, name);
    const stranger = seen && notOurs(rules.alwaysThere, seen, facts);
    const refusal = stranger ?? rules.refusal(spec, seen, facts.state, facts.abilities);
    const owner = stranger === undefined ? undefined : ownerOf(seen, facts);
    const faults = refusal === undefined && rules.kind === "App" ? ports.faultsOf(action.document) : [];
    if (refusal !== undefined) refused.push({ action, message: refusal, retryable: true, owner });
    else if (faults.length > 0) {
      refused.push({ action, message: faults.map(({ message }) => message).join("; "), faults, retryable: true });
    } else {
      accepted.push(accept(action, seen, facts));
      for (const { name: what, remedy } of rules.missing(spec, name, facts.state, coming)) {
        const place = action.document.places?.get(what);
        missing.push({ action, what: `${what} (${remedy})`, ...(place === undefined ? {} : { place }) });
      }
    }
  }
  return { accepted, refused, deferred: [], missing };
}

function accept(action: WriteAction, seen: Managed | undefined, { state }: PreviewFacts): PreviewedWrite {
  const adopts =
    seen !== undefined && ownershipOf(seen.metadata) === undefined && !wantedOf(action.document).rules.alwaysThere;
  return {
    action,
    verb: seen === undefined ? "Create" : adopts ? "Adopt" : "Update",
    stamp: "",
    reason: adopts ? "it exists in the Core and no app manages it (sync.adopt: Always)" : undefined,
    diff: seen === undefined ? [] : fieldChanges(wantedOf(action.document), seen, state),
    warnings: [],
  };
}

/** The app of this installation that owns a resource. */
function ownerOf(seen: Managed | undefined, { instance }: PreviewFacts): string | undefined {
  const ownership = seen && ownershipOf(seen.metadata);
  return ownership?.instance === instance ? ownership.app : undefined;
}

/** Why a resource that exists must not be touched; undefined if it is this app's, or may be taken. */
function notOurs(alwaysThere: boolean, seen: Managed, { target, instance }: PreviewFacts): string | undefined {
  const ownership = ownershipOf(seen.metadata);
  const { adopt } = target;
  if (ownership === undefined) {
    if (alwaysThere || adopt === "Always") return undefined;
    return "exists in the Core already, and no app made it: set sync.adopt: Always to take it over as it is in Git, or give it another name";
  }
  if (ownership.instance !== instance) {
    if (adopt === "Always") return undefined;
    return `is managed by OverseerApp ${ownership.app} of another cluster: delete it there first, or set sync.adopt: Always to take it over`;
  }
  if (ownership.app === appKey(target.app)) return undefined;
  return `belongs to OverseerApp ${ownership.app}: take it out of that app's source first, or give it another name`;
}
