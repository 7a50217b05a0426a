import { OverseerError } from "../../../base/errors.js";
import { KubeStatusError } from "../../../kube/errors.js";

/** Error code: the object is too large for etcd. */
export const TOO_LARGE = "TOO_LARGE";
/** Error code: the cluster does not serve the kind. */
export const KIND_NOT_SERVED = "KIND_NOT_SERVED";

/** A write that cannot be made, with the reason for the user. */
export class Refusal extends OverseerError {
  /** `namespace/name` of the app that owns the object, if its ownership is the only reason. */
  readonly owner: string | undefined;

  constructor(message: string, retryable: boolean, code = "APPLY_REFUSED", owner?: string) {
    super(message, { code, reason: "ApplyRefused", class: retryable ? "retryable" : "terminal" });
    this.owner = owner;
  }
}

/** Whether the object is larger than the API server or etcd accepts. */
export function isTooLarge(error: unknown): boolean {
  if (error instanceof KubeStatusError)
    return error.statusCode === 413 || (error.statusCode === 500 && /too large|larger than max/.test(error.message));
  return error instanceof Refusal && error.code === TOO_LARGE;
}
