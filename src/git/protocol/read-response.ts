import type { Semaphore } from "../../base/semaphore.js";
import { TimeSlice } from "../pack/time-slice.js";
import type { ResponseReader } from "./advertisement.js";
import { PktLineParser } from "./pkt-line.js";

/** How an answer is read. */
export interface ResponseParts<T> {
  readonly body: AsyncIterable<Buffer>;
  readonly reader: ResponseReader<T>;
  readonly url: string;
  /** Entered for what has arrived, not while more is awaited: a slow server holds up nobody. */
  readonly slots: Semaphore;
  readonly slice?: Pick<TimeSlice, "due" | "pause">;
}

/**
 * Reads an answer packet by packet as it arrives, and lets others run in between: many large answers at a time take longer,
 * and never keep the process from anything else.
 */
export async function readResponse<T>(parts: ResponseParts<T>): Promise<T> {
  const { body, reader, url, slots: turns, slice = new TimeSlice() } = parts;
  const parser = new PktLineParser(url);
  for await (const chunk of body) {
    await turns.run(async () => {
      for (const packet of parser.push(chunk)) {
        reader.take(packet);
        if (slice.due) await slice.pause();
      }
    });
  }
  parser.finish();
  return reader.finish();
}
