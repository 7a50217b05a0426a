import { KubeStatusError } from "../errors.js";
import type { KubeClient } from "./kube-client.js";

/**
 * Throws a KubeStatusError (503) while the API server responds but is not ready: right after its start it may list only some of
 * its kinds. A server without a readiness endpoint counts as ready.
 */
export async function ensureReady(client: KubeClient): Promise<void> {
  try {
    await client.request({ method: "GET", path: "/readyz" });
  } catch (error) {
    // The response is plain text, not JSON.
    if (!(error instanceof KubeStatusError) || error.statusCode < 500) return;
    const message = "the API server is not ready yet: its list of kinds may be incomplete";
    throw new KubeStatusError(503, { message }, "GET /readyz");
  }
}
