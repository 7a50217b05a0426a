import type { RawObject } from "../../../kube/object.js";
import { objectPath } from "../../../kube/resource.js";
import { parseApiVersion } from "../../../manifest/object-id.js";
import { isRecord } from "../../../manifest/shape.js";
import type { KubernetesContext } from "../kubernetes-context.js";
import type { RefusalCause } from "./cause.js";

/** What an admission policy judges by, beside the object itself. */
export interface PolicyInputs {
  readonly paramKind: { readonly group: string; readonly kind: string } | undefined;
  /** Whether it asks what somebody may do. */
  readonly authorizer: boolean;
}

/** Reads what a policy that refused looks at, with the operator's rights; undefined if it cannot be read. */
export async function readPolicyInputs(
  { client, discovery, ownUser }: Pick<KubernetesContext, "client" | "discovery" | "ownUser">,
  { mutating, policy }: RefusalCause & { type: "Policy" },
): Promise<PolicyInputs | undefined> {
  const kind = mutating ? "MutatingAdmissionPolicy" : "ValidatingAdmissionPolicy";
  try {
    const resource = await discovery.findAny({ group: "admissionregistration.k8s.io", version: "v1", kind });
    if (!resource) return undefined;
    const { body } = await client.request<RawObject>({
      method: "GET",
      path: objectPath(resource, "", policy),
      impersonate: ownUser,
    });
    return policyInputs({ spec: body.spec });
  } catch {
    return undefined;
  }
}

/** What a policy looks at, by what it says. */
export function policyInputs({ spec }: { readonly spec?: unknown }): PolicyInputs {
  const paramKind = isRecord(spec) && isRecord(spec.paramKind) ? spec.paramKind : undefined;
  const { apiVersion, kind } = paramKind ?? {};
  return {
    paramKind:
      typeof apiVersion === "string" && typeof kind === "string"
        ? { group: parseApiVersion(apiVersion).group, kind }
        : undefined,
    authorizer: /\bauthorizer\b/.test(JSON.stringify(spec ?? {})),
  };
}
