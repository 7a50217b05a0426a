import { isDocumentRefusal, isStatus } from "../../../kube/errors.js";
import { isBuiltinGroup } from "../../../manifest/builtin-groups.js";
import type { RefusedWrite, WriteAction } from "../../../plan/actions.js";
import type { Target } from "../../destination.js";
import { dryRun } from "../apply/dry-run.js";
import type { KubernetesContext } from "../kubernetes-context.js";
import { allFaults } from "./all-faults.js";
import { explain, explainMissingAccount, ofFields } from "./explain.js";

/** What is told of a write that the API server refused: all that is wrong with its document, or with whom it is written as. */
export async function refusedWrite(
  context: KubernetesContext,
  target: Target,
  action: WriteAction,
  error: unknown,
  seen: string,
): Promise<RefusedWrite> {
  const { document } = action;
  const retryable = !isDocumentRefusal(error);
  if (await isAccountMissing(context, target, error))
    return { action, message: explainMissingAccount(target.app.namespace, target.serviceAccountName ?? ""), retryable };
  const resource = context.discovery.peek(document.id);
  const found =
    resource &&
    (await allFaults(error, document.object, (object) =>
      dryRun(context, target, { ...document, object }, resource, true),
    ));
  const { message, faults, ofDocument } = found ? ofFields(found) : explain(error, document.object);
  // The schema of another kind may change with its definition.
  const lasting = ofDocument && isBuiltinGroup(document.id.group);
  return { action, message: `${message}${seen}`, faults, ofDocument: lasting, retryable };
}

/** Whether the account of a target is missing: asked once for all objects of one reconcile. */
const missingAccounts = new WeakMap<Target, Promise<boolean>>();

/** A right that nobody can have, as there is no such ServiceAccount, is a wrong name far more often than a missing binding. */
async function isAccountMissing(context: KubernetesContext, target: Target, error: unknown): Promise<boolean> {
  const { serviceAccountName } = target;
  if (serviceAccountName === undefined || !isStatus(error, 403)) return false;
  if (!/ is forbidden: User "[^"]*" cannot \w+ resource/.test(error.message)) return false;
  const requested = missingAccounts.get(target) ?? findAccount(context, target.app.namespace, serviceAccountName);
  missingAccounts.set(target, requested);
  return requested;
}

async function findAccount({ client }: KubernetesContext, namespace: string, name: string): Promise<boolean> {
  try {
    await client.request({
      method: "GET",
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(name)}`,
    });
    return false;
  } catch (refusal) {
    // Who may not look cannot tell.
    return isStatus(refusal, 404);
  }
}
