import { MAX_REPORTED_VOLUMES } from "../../../api/core/node.js";
import { cutText } from "../../../base/cut-text.js";
import { type Container, serviceOf } from "./engine.js";

/** Longest text about a volume. */
const MAX_TEXT = 300;

/** Whether the engine made up the name of a volume. */
export function isAnonymous(name: string): boolean {
  return /^[0-9a-f]{64}$/.test(name);
}

/**
 * Returns the anonymous volumes of containers, sorted, worded like those of a document. Images declare such volumes too, as those of
 * databases do, so that a document does not name all.
 */
export function anonymousVolumes(containers: readonly Container[]): string[] {
  const texts = containers.flatMap((container) => {
    const mounts = (container.Mounts ?? []).filter(({ Type, Name }) => Type === "volume" && isAnonymous(Name));
    return mounts.map(({ Destination }) => `anonymous volume ${Destination} of ${serviceOf(container)}`);
  });
  return [...new Set(texts.map((text) => cutText(text, MAX_TEXT)))].sort().slice(0, MAX_REPORTED_VOLUMES);
}
