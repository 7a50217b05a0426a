import type { Database } from "./database.js";

/** Table of the apps that may run on each node: added when a job is claimed, removed when a removal has succeeded. */
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

  /** Returns the nodes that may run an app. */
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
