import { API_VERSION } from "../../../api/group.js";
import type { RawObject } from "../../../kube/object.js";
import type { Connection, Scope, ServerTable, WatchLine } from "../../connection/connection.js";
import { Patience, resumeWatch } from "../../connection/resume-watch.js";
import type { Kind } from "../../kinds.js";
import { formatObjects, formatValue, type Output } from "../../output/objects.js";
import { print, say } from "../../terminal.js";
import { formatServerTable, type TableView } from "./server-table.js";

/** How objects are printed. */
export interface WatchView extends TableView {
  readonly output: Output;
}

/** A list, whichever way it is printed. */
interface Listed {
  readonly resourceVersion: string;
  readonly objects: readonly RawObject[];
  /** Prints those objects of the list that are to be printed. */
  print(isChosen: (object: RawObject) => boolean): Promise<void>;
}

/** Prints the objects and each later state of one. Never returns: it ends by an error that does not pass, or with the program. */
export async function watchObjects(connection: Connection, kind: Kind, scope: Scope, view: WatchView): Promise<never> {
  const printer =
    view.output === undefined || view.output === "wide" ? new Tables(view) : new Objects(kind, view.output);
  const patience = new Patience();
  // The first list fails at once: the command line may be wrong.
  let listed = await printer.list(connection, kind, scope);
  /** Resource versions of what was printed, by UID. */
  let known = new Map<string, RawObject>();
  for (;;) {
    await listed.print(
      (object) => known.get(uidOf(object))?.metadata.resourceVersion !== object.metadata.resourceVersion,
    );
    const present = new Map(listed.objects.map((object) => [uidOf(object), object]));
    for (const [uid, { metadata }] of known)
      if (!present.has(uid)) say(`${kind.kind} ${metadata.name} was deleted while the watch was interrupted`);
    known = present;
    const start = { ...scope, resourceVersion: listed.resourceVersion, asTable: printer.asTable };
    for await (const line of resumeWatch<RawObject & ServerTable>(connection, kind, start, patience)) {
      for (const object of await printer.change(line)) {
        if (line.type === "DELETED") known.delete(uidOf(object));
        else known.set(uidOf(object), object);
      }
    }
    // The position has expired.
    listed = await patience.request(() => printer.list(connection, kind, scope));
  }
}

/** Prints tables as the API server formats them. */
class Tables {
  readonly asTable = true;
  readonly #view: TableView;
  #columns: ServerTable["columnDefinitions"] = [];
  #hasHeader: boolean;

  constructor(view: TableView) {
    this.#view = view;
    this.#hasHeader = view.withoutHeader === true;
  }

  async list(connection: Connection, kind: Kind, scope: Scope): Promise<Listed> {
    const table = await connection.table(kind, scope);
    this.#columns = table.columnDefinitions;
    return {
      resourceVersion: table.metadata?.resourceVersion ?? "0",
      objects: table.rows.map(({ object }) => object),
      print: async (isChosen) => this.#print(table.rows.filter(({ object }) => isChosen(object))),
    };
  }

  /** Prints a change, and returns its objects. */
  async change({ object }: WatchLine<ServerTable>): Promise<readonly RawObject[]> {
    // Only the first event of a watch has the definitions of the columns.
    this.#print(object.rows);
    return object.rows.map((row) => row.object);
  }

  #print(rows: ServerTable["rows"]): void {
    if (rows.length === 0) return;
    print(
      formatServerTable({ columnDefinitions: this.#columns, rows }, { ...this.#view, withoutHeader: this.#hasHeader }),
    );
    this.#hasHeader = true;
  }
}

/** Prints whole objects, or their names. */
class Objects {
  readonly asTable = false;
  readonly #kind: Kind;
  readonly #output: "json" | "yaml" | "name";

  constructor(kind: Kind, output: "json" | "yaml" | "name") {
    this.#kind = kind;
    this.#output = output;
  }

  async list(connection: Connection, kind: Kind, scope: Scope): Promise<Listed> {
    const { metadata, items } = await connection.list(kind, scope);
    return {
      resourceVersion: metadata.resourceVersion,
      objects: items,
      print: async (isChosen) => {
        for (const object of items.filter(isChosen)) await this.#print(object);
      },
    };
  }

  /** Prints a change, and returns its object. */
  async change({ object }: WatchLine<RawObject>): Promise<readonly RawObject[]> {
    await this.#print(object);
    return [object];
  }

  async #print(object: RawObject): Promise<void> {
    // Items of a list have no kind of their own.
    const whole = { apiVersion: API_VERSION, kind: this.#kind.kind, ...object };
    if (this.#output === "yaml") print(`---\n${await formatValue(whole, "yaml")}`);
    else print(await formatObjects([whole], this.#output, false));
  }
}

function uidOf({ metadata }: RawObject): string {
  return metadata.uid ?? metadata.name;
}
