import { messageOf } from "../../../base/errors.js";
import type { Document } from "../../../manifest/document.js";
import type { ObjectKey } from "../../../manifest/object-id.js";
import type { DeferredWrite, RefusedWrite, WriteAction } from "../../../plan/actions.js";
import type { Target } from "../../destination.js";
import { type KubernetesContext, writer } from "../kubernetes-context.js";
import { causeOf } from "./cause.js";
import { BoundRoles } from "./grants.js";
import { lifts, type RefusedForCause } from "./lifts.js";
import { type PolicyInputs, readPolicyInputs } from "./policy-inputs.js";
import { RefusalWords } from "./refusal-words.js";

/** A refused write and its error. */
export interface Refused {
  readonly refused: RefusedWrite;
  readonly error: unknown;
}

/** Writes that stay refused, and writes that are deferred. */
export interface Sorted {
  readonly refused: readonly RefusedWrite[];
  readonly deferred: readonly DeferredWrite[];
}

/**
 * Separates writes that are finally refused from those that the API server can judge only after other writes of the same Change.
 * `coming`: accepted writes that are still pending. A write that depends on a refused write is deferred too, since its own
 * refusal is only a consequence.
 */
export async function deferrable(
  context: KubernetesContext,
  target: Target,
  all: readonly Document[],
  judged: readonly Refused[],
  coming: readonly WriteAction[],
): Promise<Sorted> {
  const candidates: { readonly of: Refused; readonly why: RefusedForCause }[] = [];
  const faulty: Refused[] = [];
  const user = writer(context, target);
  const boundRoles = new BoundRoles(all, user);
  for (const of of judged) {
    const why = await reasonFor(context, of, { user, boundRoles });
    if (why) candidates.push({ of, why });
    else faulty.push(of);
  }
  const deferred = new Map<Refused, ObjectKey[]>();
  const spread = (from: readonly WriteAction[]): void => {
    for (let reached = from; reached.length > 0; ) {
      const next: WriteAction[] = [];
      for (const { of, why } of candidates) {
        const by = reached.filter((write) => lifts(write, why)).map(({ document }) => document.key);
        if (by.length === 0) continue;
        const known = deferred.get(of);
        if (known) known.push(...by);
        else {
          deferred.set(of, by);
          next.push(of.refused.action);
        }
      }
      reached = next;
    }
  };
  spread(coming);
  spread(faulty.map(({ refused }) => refused.action));
  return {
    refused: judged.filter((one) => !deferred.has(one)).map(({ refused }) => refused),
    deferred: [...deferred].map(([{ refused }, liftedBy]) => ({
      action: refused.action,
      message: refused.message,
      liftedBy: [...new Set(liftedBy)],
    })),
  };
}

async function reasonFor(
  context: KubernetesContext,
  { refused, error }: Refused,
  who: Pick<RefusedForCause, "user" | "boundRoles">,
): Promise<RefusedForCause | undefined> {
  const cause = causeOf(error);
  if (cause === undefined) return undefined;
  const policy: PolicyInputs | undefined = cause.type === "Policy" ? await readPolicyInputs(context, cause) : undefined;
  return { document: refused.action.document, cause, words: new RefusalWords(messageOf(error)), policy, ...who };
}
