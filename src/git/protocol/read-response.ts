import type { Semaphore } from "../../base/semaphore.js";
import { TimeSlice } from "../pack/time-slice.js";
import type { ResponseReader } from "./advertisement.js";
import { PktLineParser } from "./pkt-line.js";

/** Parameters of `readResponse`. */
export interface ResponseParts<T> {
  readonly body: AsyncIterable<Buffer>;
  readonly reader: ResponseReader<T>;
  readonly url: string;
  /** Held while received bytes are parsed, not while waiting for more: a slow server must not block others. */
  readonly slots: Semaphore;
  readonly slice?: Pick<TimeSlice, "due" | "pause">;
}

/**
 * Reads a response packet by packet as it arrives and yields to the event loop in between, so that many large responses do not
 * block the process.
 */
export async function readResponse<T>(parts: ResponseParts<T>): Promise<T> {
  const { body, reader, url, slots, slice = new TimeSlice() } = parts;
  const parser = new PktLineParser(url);
  for await (const chunk of body) {
    await slots.run(async () => {
      for (const packet of parser.push(chunk)) {
        reader.take(packet);
        if (slice.due) await slice.pause();
      }
    });
  }
  parser.finish();
  return reader.finish();
}
