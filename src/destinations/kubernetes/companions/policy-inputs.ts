import type { RawObject } from "../../../kube/object.js";
import { objectPath } from "../../../kube/resource.js";
import { parseApiVersion } from "../../../manifest/object-id.js";
import { isRecord } from "../../../manifest/shape.js";
import type { KubernetesContext } from "../kubernetes-context.js";
import type { RefusalCause } from "./cause.js";

/** Inputs of an admission policy beside the object itself. */
export interface PolicyInputs {
  readonly paramKind: { readonly group: string; readonly kind: string } | undefined;
  /** Whether it checks permissions. */
  readonly authorizer: boolean;
}

/** Reads the inputs of a policy with the operator's permissions; undefined if it cannot be read. */
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

/** Returns the inputs of a policy according to its spec. */
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
