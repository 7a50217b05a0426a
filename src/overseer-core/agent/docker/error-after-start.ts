import { diskFullText, isDiskFull, RunError } from "../runner.js";
import { isRefusal } from "./engine-connection.js";
import type { Mask } from "./mask.js";

/** Returns an error of a deployment that has changed containers. After a final one, the previous version has to be deployed again. */
export function errorAfterStart(error: unknown, mask: Mask): unknown {
  if (error instanceof RunError) return error.changed ? error : new RunError(mask(error.message), { changed: true });
  if (isDiskFull(error)) return new RunError(diskFullText(error, "deploy again"), { changed: true });
  if (isRefusal(error)) return new RunError(mask(refusalText(error)), { changed: true });
  return error;
}

/** Explains that the engine refused a request. */
export function refusalText({ message }: Error): string {
  return `the Docker engine refuses this: ${message}`;
}
