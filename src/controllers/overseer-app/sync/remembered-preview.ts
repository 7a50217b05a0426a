import { canonicalJson, sha256 } from "../../../base/hash.js";
import type { Preview, WriteAction } from "../../../plan/actions.js";
import type { Rendered } from "../rendered.js";
import type { AppRun } from "../run.js";

/** Time for which the preview of a Change that waits at a gate is used again while nothing that it depends on has changed. */
const USED_AGAIN_MS = 300_000;

/** Digest of what a preview depends on, except the state of the API server: webhooks, policies, quotas. */
export function previewDigest(
  run: AppRun,
  { inputs }: Rendered,
  writes: readonly WriteAction[],
  deletions: readonly WriteAction[],
): string {
  const lines = [...writes, ...deletions].map(({ verb, document: { key, hash }, live }) =>
    canonicalJson([
      verb,
      key,
      hash,
      live?.uid ?? "",
      live?.documentHash ?? "",
      live?.state ?? "",
      live?.deleting ?? false,
    ]),
  );
  return sha256([inputs.key, String(run.app.metadata.generation), run.destination.id, ...lines.sort()].join("\n"));
}

/**
 * Returns the preview of a Change that waits at a gate, if it may be shown again: objects of the app change their health all the time, and
 * a preview sends a dry run for each document. Before the first write, everything is previewed anew.
 */
export function rememberedPreview({ memory, services }: AppRun, digest: string): Preview | undefined {
  const { preview } = memory;
  const isSame = preview?.digest === digest && services.clock.monotonic() - preview.at < USED_AGAIN_MS;
  return isSame ? preview.preview : undefined;
}

/** Remembers the preview of a Change that waits at a gate, unless users wait to see what became of a refusal, or of an object of others. */
export function rememberPreview(run: AppRun, digest: string, preview: Preview): void {
  const { memory, services } = run;
  const now = services.clock.monotonic();
  const isSettled = preview.refused.length === 0 && preview.deferred.length === 0 && preview.missing.length === 0;
  // No watch reports objects of others.
  const adopts = preview.accepted.some(({ verb }) => verb === "Adopt");
  if (!isSettled || adopts) memory.preview = undefined;
  else if (memory.preview?.preview !== preview) memory.preview = { digest, preview, at: now };
  if (memory.preview !== undefined) run.requeueAfter(memory.preview.at + USED_AGAIN_MS - now);
}
