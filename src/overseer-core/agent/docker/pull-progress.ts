import { z } from "zod";

const Message = z.object({
  status: z.string().default(""),
  id: z.string().default(""),
  progressDetail: z.object({ current: z.number().optional(), total: z.number().optional() }).optional(),
  error: z.string().optional(),
});

/** Steps of the progress that are reported, in percent. */
const STEP = 20;

/** Reads the messages of the engine about the pull of one image. */
export class PullProgress {
  readonly #layers = new Map<string, { current: number; total: number }>();
  readonly #report: (percent: number) => void;
  #reported = 0;
  /** Why the pull failed, as the engine says. */
  error: string | undefined;

  constructor(report: (percent: number) => void) {
    this.#report = report;
  }

  /** Adds one line of the response of the engine. */
  add(line: string): void {
    const { status, id, progressDetail, error } = Message.parse(JSON.parse(line));
    if (error !== undefined) this.error = error;
    const { current, total } = progressDetail ?? {};
    if (status === "Downloading" && current !== undefined && total !== undefined && total > 0) {
      this.#layers.set(id, { current: Math.min(current, total), total });
    }
    const layer = this.#layers.get(id);
    if (layer !== undefined && /^(Download complete|Pull complete)$/.test(status)) layer.current = layer.total;
    this.#tell();
  }

  #tell(): void {
    let [current, total] = [0, 0];
    for (const layer of this.#layers.values()) {
      current += layer.current;
      total += layer.total;
    }
    const percent = total === 0 ? 0 : Math.floor((100 * current) / total / STEP) * STEP;
    // Layers that begin later make the share smaller.
    if (percent <= this.#reported) return;
    this.#reported = percent;
    this.#report(percent);
  }
}
