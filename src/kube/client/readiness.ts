import { KubeStatusError } from "../errors.js";
import type { KubeClient } from "./kube-client.js";

/**
 * Throws a KubeStatusError (503) while an API server answers but says that it is not ready: right after its start it may list
 * only some of the kinds that it is about to serve. A server that says nothing of that counts as ready.
 */
export async function ensureReady(client: KubeClient): Promise<void> {
  try {
    await client.request({ method: "GET", path: "/readyz" });
  } catch (error) {
    // It answers with a word and not with JSON.
    if (!(error instanceof KubeStatusError) || error.statusCode < 500) return;
    const message = "the API server is not ready yet: its kinds may not be complete";
    throw new KubeStatusError(503, { message }, "GET /readyz");
  }
}
