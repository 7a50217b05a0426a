import type { BaseRow, StoreContext } from "./context.js";
import type { Query } from "./database.js";
import type { RevisionKind } from "./revisions.js";

/** Definition of a table. */
export interface TableOptions<Row, View> {
  readonly name: string;
  /** Kind of its revisions and tombstones. */
  readonly kind: RevisionKind;
  /** Columns by which rows are sorted. */
  readonly order: string;
  /** Converts a row to its API representation. */
  readonly view: (row: Row) => View;
}

/** Base class of resource tables: list, find and delete. */
export class Table<Row extends BaseRow, View> {
  readonly context: StoreContext;
  readonly view: (row: Row) => View;
  readonly #kind: RevisionKind;
  readonly #name: string;
  readonly #order: string;
  readonly #all: Query<Row>;
  readonly #since: Query<Row>;
  readonly #byId: Query<Row>;
  readonly #delete: Query<Row>;

  constructor(context: StoreContext, { name, kind, order, view }: TableOptions<Row, View>) {
    this.context = context;
    this.view = view;
    this.#kind = kind;
    this.#name = name;
    this.#order = order;
    this.#all = context.database.query<Row>(`SELECT * FROM ${name} ORDER BY ${order}`);
    this.#since = this.rowsWhere("revision > ?");
    this.#byId = this.rowsWhere("id = ?");
    this.#delete = context.database.query(`DELETE FROM ${name} WHERE id = ?`);
  }

  /** Returns all resources in order, or those that changed after a revision. */
  list(since?: number): View[] {
    return (since === undefined ? this.#all.all() : this.#since.all(since)).map(this.view);
  }

  /** Returns the resource with an id. */
  find(id: string): View | undefined {
    return this.shown(this.row(id));
  }

  /** Deletes a row and publishes the deletion. */
  delete(id: string): void {
    this.#delete.run(id);
    this.context.revisions.recordDeletion(this.#kind, id);
  }

  /** Prepares a query for rows in the order of the table. */
  rowsWhere(condition: string): Query<Row> {
    return this.context.database.query<Row>(`SELECT * FROM ${this.#name} WHERE ${condition} ORDER BY ${this.#order}`);
  }

  /** Returns the row with an id. */
  row(id: string): Row | undefined {
    return this.#byId.get(id);
  }

  /** Returns the row of a resource that must exist in this transaction. */
  mustRead(id: string): Row {
    const row = this.row(id);
    if (row === undefined) throw new Error(`the ${this.#kind} ${id} is missing within its own transaction`);
    return row;
  }

  /** Returns a resource that must exist in this transaction. */
  mustFind(id: string): View {
    return this.view(this.mustRead(id));
  }

  /** Converts a row, if there is one, to its API representation. */
  shown(row: Row | undefined): View | undefined {
    return row && this.view(row);
  }

  /** Returns the revision for the next write. */
  nextRevision(): number {
    return this.context.revisions.next(this.#kind);
  }
}
