import { isDocumentRefusal, isStatus } from "../../../kube/errors.js";
import { isBuiltinGroup } from "../../../manifest/builtin-groups.js";
import type { RefusedWrite, WriteAction } from "../../../plan/actions.js";
import type { Target } from "../../destination.js";
import { dryRun } from "../apply/dry-run.js";
import type { KubernetesContext } from "../kubernetes-context.js";
import { allFaults } from "./all-faults.js";
import { explain, explainMissingAccount, ofFields } from "./explain.js";

/** Explains a refused write: all faults of its document, or a missing ServiceAccount. `suffix` is appended to the message. */
export async function refusedWrite(
  context: KubernetesContext,
  target: Target,
  action: WriteAction,
  error: unknown,
  suffix: string,
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
  // The schema of a custom resource may change with its CustomResourceDefinition.
  const lasting = ofDocument && isBuiltinGroup(document.id.group);
  return { action, message: `${message}${suffix}`, faults, ofDocument: lasting, retryable };
}

/** Whether the ServiceAccount of a target is missing: looked up once per reconcile. */
const missingAccounts = new WeakMap<Target, Promise<boolean>>();

/** Checks the ServiceAccount after a 403: a misspelled name is far more likely than a missing binding. */
async function isAccountMissing(context: KubernetesContext, target: Target, error: unknown): Promise<boolean> {
  const { serviceAccountName } = target;
  if (serviceAccountName === undefined || !isStatus(error, 403)) return false;
  if (!/ is forbidden: User "[^"]*" cannot \w+ resource/.test(error.message)) return false;
  const lookup = missingAccounts.get(target) ?? findAccount(context, target.app.namespace, serviceAccountName);
  missingAccounts.set(target, lookup);
  return lookup;
}

async function findAccount({ client }: KubernetesContext, namespace: string, name: string): Promise<boolean> {
  try {
    await client.request({
      method: "GET",
      path: `/api/v1/namespaces/${encodeURIComponent(namespace)}/serviceaccounts/${encodeURIComponent(name)}`,
    });
    return false;
  } catch (refusal) {
    // Without permission to read it, the account is assumed to exist.
    return isStatus(refusal, 404);
  }
}
