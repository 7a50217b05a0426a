import type { CoreNode, CoreNodeConfigWrite, CoreNodeRegister } from "../../api/core/node.js";
import { CoreNodeConfig } from "../../api/core/node.js";
import { canonicalJson } from "../../base/hash.js";
import { type BaseRow, base, newId, type StoreContext, timestamp } from "./context.js";
import { Table } from "./table.js";

interface NodeRow extends BaseRow {
  readonly name: string;
  readonly hostname: string;
  readonly ip_address: string | null;
  readonly version: string;
  readonly runner: CoreNode["runner"];
  readonly status: CoreNode["status"];
  readonly last_heartbeat: string | null;
  readonly config: string;
  readonly metadata: string;
  readonly token_id: string;
}

/** Nodes. */
export class Nodes extends Table<NodeRow, CoreNode> {
  readonly #byName;
  readonly #byToken;
  readonly #insert;
  readonly #register;
  readonly #configure;
  readonly #setStatus;
  readonly #beat;

  constructor(context: StoreContext) {
    super(context, { name: "nodes", kind: "node", order: "name", view: viewOf });
    const { database } = context;
    this.#byName = this.rowsWhere("name = ?");
    this.#byToken = database.query<{ id: string }>("SELECT id FROM nodes WHERE token_id = ?");
    this.#insert = database.query(
      `INSERT INTO nodes (hostname, ip_address, version, runner, token_id, last_heartbeat, updated_at, revision, id, name, status,
       config, metadata, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'online', ?, '{}', ?)`,
    );
    this.#register = database.query(
      `UPDATE nodes SET hostname = ?, ip_address = ?, version = ?, runner = ?, token_id = ?, last_heartbeat = ?, updated_at = ?,
       revision = ?, status = 'online' WHERE id = ?`,
    );
    this.#configure = database.query(
      "UPDATE nodes SET config = ?, metadata = ?, updated_at = ?, revision = ? WHERE id = ?",
    );
    this.#setStatus = database.query("UPDATE nodes SET status = ?, updated_at = ?, revision = ? WHERE id = ?");
    this.#beat = database.query("UPDATE nodes SET last_heartbeat = ? WHERE id = ?");
  }

  findByName(name: string): CoreNode | undefined {
    return this.shown(this.#byName.get(name));
  }

  /** Id of the token that a node was registered with. */
  tokenOf(id: string): string | undefined {
    return this.row(id)?.token_id;
  }

  /** Nodes that were registered with a token. */
  idsOfToken(tokenId: string): string[] {
    return this.#byToken.all(tokenId).map((row) => row.id);
  }

  create(input: CoreNodeRegister, tokenId: string): CoreNode {
    const [id, now] = [newId(), timestamp(this.context.clock)];
    const config = JSON.stringify(CoreNodeConfig.parse({}));
    const revision = this.nextRevision();
    this.#insert.run(...columns(input), tokenId, now, now, revision, id, input.name, config, now);
    return this.mustFind(id);
  }

  /** The agent of a node is back. Its node is online; nothing else is written if it says what it said before. */
  register(node: CoreNode, input: CoreNodeRegister, tokenId: string): CoreNode {
    const { id, hostname, ipAddress, version, runner, status } = node;
    const said = canonicalJson([hostname, ipAddress, version, runner, this.tokenOf(id), status]);
    const now = timestamp(this.context.clock);
    if (said === canonicalJson([...columns(input), tokenId, "online"])) this.#beat.run(now, id);
    else this.#register.run(...columns(input), tokenId, now, now, this.nextRevision(), id);
    return this.mustFind(id);
  }

  /** Replaces configuration and metadata; nothing is written if nothing changes. */
  configure(node: CoreNode, { config, metadata }: CoreNodeConfigWrite): CoreNode {
    if (canonicalJson([config, metadata]) !== canonicalJson([node.config, node.metadata])) {
      const now = timestamp(this.context.clock);
      const revision = this.nextRevision();
      this.#configure.run(JSON.stringify(config), JSON.stringify(metadata), now, revision, node.id);
    }
    return this.mustFind(node.id);
  }

  /** Says whether a node is there; nothing is written if that was known. */
  setStatus(id: string, status: CoreNode["status"]): void {
    if (this.row(id)?.status === status) return;
    this.#setStatus.run(status, timestamp(this.context.clock), this.nextRevision(), id);
  }

  /** Notes when a node was last heard of. That is no change. */
  beat(id: string): void {
    this.#beat.run(timestamp(this.context.clock), id);
  }
}

function columns({ hostname, ipAddress = null, version, runner }: CoreNodeRegister): (string | null)[] {
  return [hostname, ipAddress, version, runner];
}

function viewOf(row: NodeRow): CoreNode {
  const { name, hostname, ip_address: ipAddress, version, runner, status, last_heartbeat: lastHeartbeat } = row;
  const [config, metadata] = [JSON.parse(row.config), JSON.parse(row.metadata)];
  return { ...base(row), name, hostname, ipAddress, version, runner, status, lastHeartbeat, config, metadata };
}
