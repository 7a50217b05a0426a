import type { RendererKind } from "../api/renderers.js";

/** Where the documents of a render came from: memory, disk, or a renderer that succeeded or failed. */
export type RenderOutcome = "hit" | "disk" | "miss" | "error";

/** Notified of renders, for the metrics. */
export interface RenderObserver {
  rendered(renderer: RendererKind, result: RenderOutcome, seconds: number): void;
}

/** Counts nothing. */
export const silentRenderObserver: RenderObserver = { rendered: () => {} };
