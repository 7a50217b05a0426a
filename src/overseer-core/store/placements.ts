import type { Database } from "./database.js";

/** Which apps may have something on which nodes: noted when a job is claimed, struck out when a removal has ended. */
export class Placements {
  readonly #nodes;
  readonly #add;
  readonly #remove;

  constructor(database: Database) {
    this.#nodes = database.query<{ node_id: string }>(
      "SELECT node_id FROM placements WHERE app_id = ? ORDER BY node_id",
    );
    this.#add = database.query("INSERT OR IGNORE INTO placements (app_id, node_id) VALUES (?, ?)");
    this.#remove = database.query("DELETE FROM placements WHERE app_id = ? AND node_id = ?");
  }

  /** Nodes that may have something of an app. */
  nodesOf(appId: string): string[] {
    return this.#nodes.all(appId).map((row) => row.node_id);
  }

  add(appId: string, nodeId: string): void {
    this.#add.run(appId, nodeId);
  }

  remove(appId: string, nodeId: string): void {
    this.#remove.run(appId, nodeId);
  }
}
