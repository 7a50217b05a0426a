import type { IncomingMessage, ServerResponse } from "node:http";

/** A watch on its way from the real API server through a proxy, and what can go wrong with it. */
export class ProxiedWatch {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Whole lines that the client was sent. */
  lines = 0;
  readonly #answer: IncomingMessage;
  readonly #response: ServerResponse;
  #frozen = false;
  #pending = "";
  #cutNext = false;

  constructor(path: string, query: URLSearchParams, answer: IncomingMessage, response: ServerResponse, drip: boolean) {
    this.path = path;
    this.query = query;
    this.#answer = answer;
    this.#response = response;
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    answer.setEncoding("utf8");
    answer.on("data", (text: string) => this.#pass(text, drip));
    answer.on("end", () => this.#frozen || response.end());
  }

  /** From now on nothing comes any more, and the connection stays: as behind a gateway that has forgotten it. */
  freeze(): void {
    this.#frozen = true;
  }

  /** Ends in good order. */
  end(): void {
    this.#response.end();
    this.#answer.destroy();
  }

  /** The next event comes by half; then the connection is reset. */
  cutInNextEvent(): void {
    this.#cutNext = true;
  }

  /** Sends a line of our own, for example an ERROR event. */
  inject(event: object): void {
    this.#response.write(`${JSON.stringify(event)}\n`);
  }

  #pass(text: string, drip: boolean): void {
    if (this.#frozen) return;
    const lines = (this.#pending + text).split("\n");
    this.#pending = lines.pop() ?? "";
    for (const line of lines) this.#send(`${line}\n`, drip);
  }

  #send(line: string, drip: boolean): void {
    if (this.#frozen) return;
    if (this.#cutNext) {
      this.#frozen = true;
      this.#response.write(line.slice(0, line.length / 2), () => this.#response.socket?.destroy());
      return;
    }
    this.lines++;
    if (drip) for (const byte of Buffer.from(line)) this.#response.write(Buffer.of(byte));
    else this.#response.write(line);
  }
}
