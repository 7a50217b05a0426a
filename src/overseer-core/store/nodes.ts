import type { CoreNode, CoreNodeConfigWrite, CoreNodeRegister, CoreNodeUsage } from "../../api/core/node.js";
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
  readonly problem: string | null;
  readonly drained: number;
  readonly usage: string | null;
}

/** Table of nodes. */
export class Nodes extends Table<NodeRow, CoreNode> {
  readonly #byName;
  readonly #byToken;
  readonly #insert;
  readonly #register;
  readonly #configure;
  readonly #setStatus;
  readonly #setHeartbeat;
  readonly #setUsage;
  readonly #setProblem;
  readonly #setDrained;

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
    this.#setProblem = database.query("UPDATE nodes SET problem = ?, updated_at = ?, revision = ? WHERE id = ?");
    this.#setDrained = database.query("UPDATE nodes SET drained = ?, updated_at = ?, revision = ? WHERE id = ?");
    this.#setHeartbeat = database.query("UPDATE nodes SET last_heartbeat = ? WHERE id = ?");
    this.#setUsage = database.query("UPDATE nodes SET usage = ? WHERE id = ?");
  }

  findByName(name: string): CoreNode | undefined {
    return this.shown(this.#byName.get(name));
  }

  /** Returns the id of the token that registered a node. */
  tokenOf(id: string): string | undefined {
    return this.row(id)?.token_id;
  }

  /** Returns the ids of the nodes that a token registered. */
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

  /** Registers an existing node again and marks it online. If nothing changed, updates only its heartbeat. */
  register(node: CoreNode, input: CoreNodeRegister, tokenId: string): CoreNode {
    const { id, hostname, ipAddress, version, runner, status } = node;
    const current = canonicalJson([hostname, ipAddress, version, runner, this.tokenOf(id), status]);
    const now = timestamp(this.context.clock);
    if (current === canonicalJson([...columns(input), tokenId, "online"])) this.#setHeartbeat.run(now, id);
    else this.#register.run(...columns(input), tokenId, now, now, this.nextRevision(), id);
    return this.mustFind(id);
  }

  /** Replaces configuration and metadata. Does nothing if nothing changes. */
  configure(node: CoreNode, { config, metadata }: CoreNodeConfigWrite): CoreNode {
    if (canonicalJson([config, metadata]) !== canonicalJson([node.config, node.metadata])) {
      const now = timestamp(this.context.clock);
      const revision = this.nextRevision();
      this.#configure.run(JSON.stringify(config), JSON.stringify(metadata), now, revision, node.id);
    }
    return this.mustFind(node.id);
  }

  /** Sets the status of a node. Does nothing if the status is unchanged. */
  setStatus(id: string, status: CoreNode["status"]): void {
    if (this.row(id)?.status === status) return;
    this.#setStatus.run(status, timestamp(this.context.clock), this.nextRevision(), id);
  }

  /** Sets why the node cannot run jobs; null if it can. Does nothing if it is unchanged. */
  setProblem(id: string, problem: string | null): void {
    const node = this.row(id);
    if (node === undefined || node.problem === problem) return;
    this.#setProblem.run(problem, timestamp(this.context.clock), this.nextRevision(), id);
  }

  /** Sets whether a node is drained. Does nothing if it is unchanged. */
  setDrained(id: string, drained: boolean): void {
    const node = this.row(id);
    if (node === undefined || (node.drained !== 0) === drained) return;
    this.#setDrained.run(drained ? 1 : 0, timestamp(this.context.clock), this.nextRevision(), id);
  }

  /** Records a heartbeat, without a new revision. */
  recordHeartbeat(id: string, usage?: CoreNodeUsage): void {
    this.#setHeartbeat.run(timestamp(this.context.clock), id);
    if (usage !== undefined) this.#setUsage.run(JSON.stringify(usage), id);
  }
}

function columns({ hostname, ipAddress = null, version, runner }: CoreNodeRegister): (string | null)[] {
  return [hostname, ipAddress, version, runner];
}

function viewOf(row: NodeRow): CoreNode {
  const { name, hostname, ip_address: ipAddress, version, runner, status, problem } = row;
  const [config, metadata] = [JSON.parse(row.config), JSON.parse(row.metadata)];
  const lastHeartbeat = row.last_heartbeat;
  const drained = row.drained !== 0;
  return {
    ...base(row),
    name,
    hostname,
    ipAddress,
    version,
    runner,
    status,
    problem,
    drained,
    lastHeartbeat,
    usage: row.usage === null ? null : JSON.parse(row.usage),
    config,
    metadata,
  };
}
