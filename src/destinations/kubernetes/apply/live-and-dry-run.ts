import type { RawObject } from "../../../kube/object.js";
import type { ResourceInfo } from "../../../kube/resource.js";
import type { ApplyResult } from "../../../kube/server-side-apply.js";
import type { Document } from "../../../manifest/document.js";
import type { Target } from "../../destination.js";
import type { KubernetesContext } from "../kubernetes-context.js";
import { forcedDryRun, readLive } from "./dry-run.js";
import { withIgnoredValues } from "./ignored-values.js";

/** Reads the live object, and dry-runs the apply of a document to it. Ignored fields have their live values in the dry run. */
export async function liveAndDryRun(
  context: KubernetesContext,
  target: Target,
  document: Document,
  resource: ResourceInfo,
): Promise<readonly [live: RawObject | undefined, dry: ApplyResult, sent: Document]> {
  const reading = readLive(context, target, resource, document);
  if (document.ignored === undefined) {
    const [live, dry] = await Promise.all([reading, forcedDryRun(context, target, document, resource)]);
    return [live, dry, document];
  }
  const live = await reading;
  const sent = live ? withIgnoredValues(document, live, "live values") : document;
  return [live, await forcedDryRun(context, target, sent, resource), sent];
}
