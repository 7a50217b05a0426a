/** An event of a stream of server-sent events. */
export interface StreamEvent {
  readonly id: string | undefined;
  readonly event: string;
  readonly data: string;
}

/** Reads server-sent events from text that arrives in parts. Lines end with LF or CRLF. */
export class EventParser {
  #rest = "";
  #id: string | undefined;
  #event = "";
  #data: string[] = [];

  /** Returns the events that this part completes. */
  push(part: string): StreamEvent[] {
    const lines = (this.#rest + part).split("\n");
    this.#rest = lines.pop() ?? "";
    return lines.flatMap((line) => this.#line(line.replace(/\r$/, "")));
  }

  #line(line: string): StreamEvent[] {
    if (line === "") return this.#end();
    const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line) ?? [];
    if (field === "id") this.#id = value;
    if (field === "event") this.#event = value;
    if (field === "data") this.#data.push(value);
    return [];
  }

  #end(): StreamEvent[] {
    const data = this.#data.join("\n");
    const event = this.#event === "" ? "message" : this.#event;
    const empty = this.#data.length === 0 && this.#event === "";
    this.#data = [];
    this.#event = "";
    return empty ? [] : [{ id: this.#id, event, data }];
  }
}
