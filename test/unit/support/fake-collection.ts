import type { RawObject } from "../../../src/kube/object.js";
import type { Call } from "./fake-api-server.js";
import { bookmark, errorEvent, object } from "./reflector-rig.js";

interface Change {
  readonly type: "ADDED" | "MODIFIED" | "DELETED";
  readonly object: RawObject;
  readonly version: number;
}

/** Two objects on a page at most, so that lists have many pages. */
const PAGE = 2;

/** A collection as an API server keeps it: lists with pages, watches from a version, bookmarks, and a history that is forgotten. */
export class FakeCollection {
  readonly objects = new Map<string, RawObject>();
  version = 10;
  /** Whether lists can be streamed. */
  streams = true;
  readonly #history: Change[] = [];
  #oldest = 10;
  #uid = 0;
  #watches: Call[] = [];

  /** Creates the object, or changes it. */
  put(name: string): void {
    const known = this.objects.get(name);
    const uid = known?.metadata.uid ?? `uid-${++this.#uid}`;
    this.#record(known ? "MODIFIED" : "ADDED", object(name, ++this.version, this.version, uid));
  }

  delete(name: string): void {
    const known = this.objects.get(name);
    if (known) this.#record("DELETED", object(name, ++this.version, known.value, known.metadata.uid));
  }

  /** Forgets the history: watches from an older version get 410. */
  compact(): void {
    this.#oldest = this.version;
    this.#history.length = 0;
  }

  bookmark(): void {
    for (const watch of this.#open()) watch.send(bookmark(this.version));
  }

  /** Ends all watches: `how` they end. */
  end(how: "end" | "cut" | "half" | "broken" | "expired" | "error"): void {
    for (const watch of this.#open()) {
      if (how === "half") watch.write('{"type":"ADDED","obj');
      else if (how === "broken") watch.write('{"type":"ADDED","obj\n');
      else if (how === "expired") watch.send(errorEvent(410, "Expired"));
      else if (how === "error") watch.send(errorEvent(500, "InternalError"));
      if (how === "cut") watch.cut();
      else watch.end();
    }
    this.#watches = [];
  }

  answer(call: Call): void {
    if (call.query.watch !== "1") this.#list(call);
    else if (call.query.sendInitialEvents === "true") this.#streamList(call);
    else this.#watch(call, Number(call.query.resourceVersion));
  }

  #record(type: Change["type"], changed: RawObject): void {
    if (type === "DELETED") this.objects.delete(changed.metadata.name);
    else this.objects.set(changed.metadata.name, changed);
    const change = { type, object: changed, version: this.version };
    this.#history.push(change);
    for (const watch of this.#open()) watch.send(change);
  }

  #open(): readonly Call[] {
    this.#watches = this.#watches.filter((watch) => !watch.left);
    return this.#watches;
  }

  #list(call: Call): void {
    const [at = this.version, from = 0] = (call.query.continue ?? "").split("/").filter(Boolean).map(Number);
    if (at !== this.version) {
      call.status(410, "Expired");
      return;
    }
    const next = from + PAGE;
    const items = [...this.objects.values()].slice(from, next);
    const more = next < this.objects.size ? { continue: `${at}/${next}` } : {};
    call.json({ metadata: { resourceVersion: String(at), ...more }, items: items.length === 0 ? null : items });
  }

  #streamList(call: Call): void {
    if (!this.streams) {
      call.status(422, "Invalid");
      return;
    }
    const present = [...this.objects.values()].map((one) => ({ type: "ADDED", object: one }));
    call.open().send(...present, bookmark(this.version, true));
    this.#watches.push(call);
  }

  #watch(call: Call, since: number): void {
    if (since < this.#oldest) {
      call.status(410, "Expired");
      return;
    }
    call.open();
    for (const change of this.#history) if (change.version > since) call.send(change);
    this.#watches.push(call);
  }
}
