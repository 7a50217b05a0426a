import { OverseerError } from "../../../base/errors.js";
import { KubeStatusError } from "../../../kube/errors.js";

/** Code of a refusal for what etcd would not take. */
export const TOO_LARGE = "TOO_LARGE";
/** Code of a refusal for a kind that the cluster does not serve. */
export const KIND_NOT_SERVED = "KIND_NOT_SERVED";

/** A write that cannot be made, with the reason for people. */
export class Refusal extends OverseerError {
  /** `namespace/name` of the app that owns the object, where nothing but that is in the way. */
  readonly owner: string | undefined;

  constructor(message: string, retryable: boolean, code = "APPLY_REFUSED", owner?: string) {
    super(message, { code, reason: "ApplyRefused", class: retryable ? "retryable" : "terminal" });
    this.owner = owner;
  }
}

/** Whether the object is larger than the API server or etcd takes. */
export function isTooLarge(error: unknown): boolean {
  if (error instanceof KubeStatusError)
    return error.statusCode === 413 || (error.statusCode === 500 && /too large|larger than max/.test(error.message));
  return error instanceof Refusal && error.code === TOO_LARGE;
}
