import type { Semaphore } from "../base/semaphore.js";
import type { AnswerReader } from "./advertisement.js";
import { Pacer } from "./pack/pacer.js";
import { PktLineParser } from "./pkt-line.js";

/** How an answer is read. */
export interface AnswerParts<T> {
  readonly body: AsyncIterable<Buffer>;
  readonly reader: AnswerReader<T>;
  readonly url: string;
  /** Entered for what has arrived, not while more is awaited: a slow server holds up nobody. */
  readonly turns: Semaphore;
  readonly pacer?: Pick<Pacer, "due" | "pause">;
}

/**
 * Reads an answer packet by packet as it arrives, and lets others run in between: many large answers at a time take longer,
 * and never keep the process from anything else.
 */
export async function readAnswer<T>(parts: AnswerParts<T>): Promise<T> {
  const { body, reader, url, turns, pacer = new Pacer() } = parts;
  const parser = new PktLineParser(url);
  for await (const chunk of body) {
    await turns.run(async () => {
      for (const packet of parser.push(chunk)) {
        reader.take(packet);
        if (pacer.due) await pacer.pause();
      }
    });
  }
  parser.finish();
  return reader.finish();
}
