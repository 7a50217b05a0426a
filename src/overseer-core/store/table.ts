import type { BaseRow, StoreContext } from "./context.js";
import type { Query } from "./database.js";
import type { RevisionKind } from "./revisions.js";

/** What a table is. */
export interface TableOptions<Row, View> {
  readonly name: string;
  /** What its revisions and tombstones are counted as. */
  readonly kind: RevisionKind;
  /** Columns that its rows are listed by. */
  readonly order: string;
  /** A row as the API shows it. */
  readonly view: (row: Row) => View;
}

/** What all tables of resources have in common: they are listed, found by their id and by other columns, and deleted. */
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

  /** All of them in their order, or those that changed after a revision. */
  list(since?: number): View[] {
    return (since === undefined ? this.#all.all() : this.#since.all(since)).map(this.view);
  }

  /** The one of an id. */
  find(id: string): View | undefined {
    return this.shown(this.row(id));
  }

  /** Deletes a row; who follows the Core is told. */
  delete(id: string): void {
    this.#delete.run(id);
    this.context.revisions.bury(this.#kind, id);
  }

  /** Prepares a query for rows, in the order of the table. */
  rowsWhere(condition: string): Query<Row> {
    return this.context.database.query<Row>(`SELECT * FROM ${this.#name} WHERE ${condition} ORDER BY ${this.#order}`);
  }

  /** The row of an id. */
  row(id: string): Row | undefined {
    return this.#byId.get(id);
  }

  /** The row of a resource that was there within this transaction. */
  mustRead(id: string): Row {
    const row = this.row(id);
    if (row === undefined) throw new Error(`the ${this.#kind} ${id} is gone within its own transaction`);
    return row;
  }

  /** What was there within this transaction. */
  mustFind(id: string): View {
    return this.view(this.mustRead(id));
  }

  /** A row as the API shows it, if there is one. */
  shown(row: Row | undefined): View | undefined {
    return row && this.view(row);
  }

  /** The revision of the next write. */
  nextRevision(): number {
    return this.context.revisions.next(this.#kind);
  }
}
