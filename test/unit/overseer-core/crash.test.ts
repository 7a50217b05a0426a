import { expect } from "chai";
import { type CoreProcess, startCore } from "../../support/core-process.js";
import { COMPOSE } from "./rig.js";

const KILLS = 12;

interface Changes {
  readonly cursor: string;
  readonly full: boolean;
  readonly apps: readonly {
    readonly id: string;
    readonly name: string;
    readonly version: number;
    readonly revision: number;
  }[];
  readonly deleted: readonly { readonly id: string }[];
}

/** What a client was told to be done. */
interface Acknowledged {
  readonly versions: Map<string, number>;
  readonly deleted: Set<string>;
  revision: number;
}

describe("a Core that is killed in the middle of writes", () => {
  let core: CoreProcess;
  before(async () => {
    core = await startCore();
  });
  after(() => core.remove());

  const call = async (method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> => {
    const response = await fetch(`${core.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${core.adminToken}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text === "" ? undefined : JSON.parse(text) };
  };

  it("has all that it acknowledged, nothing by halves, and its cursor never goes back", async function () {
    this.timeout(120_000);
    const done: Acknowledged = { versions: new Map(), deleted: new Set(), revision: 0 };
    let first: Changes | undefined;
    for (let round = 0; round < KILLS; round++) {
      const writers = [0, 1, 2, 3].map((writer) => write(`r${round}-w${writer}`, done));
      // Sooner or later after the first writes were acknowledged: another place in each round.
      await untilRevision(done, done.revision + 5 + ((round * 7) % 23));
      await core.kill();
      await Promise.all(writers);
      await core.start();
      const now = (await call("GET", "/api/changes")).body as Changes;
      check(now, done);
      first ??= now;
      const part = (await call("GET", `/api/changes?since=${first.cursor}`)).body as Changes;
      expect(part.full, "the database is the same").to.equal(false);
      expect(part.cursor).to.equal(now.cursor);
    }
    expect(done.deleted.size).to.be.greaterThan(KILLS);
  });

  /** Makes, changes and deletes apps until the Core is gone. */
  async function write(prefix: string, done: Acknowledged): Promise<void> {
    try {
      for (let count = 0; ; count++) {
        const made = (await call("POST", "/api/apps", { name: `${prefix}-${count}`, compose: COMPOSE })).body as Made;
        note(done, made);
        const { id } = made.app;
        note(
          done,
          (await call("PUT", `/api/apps/${id}`, { compose: `${COMPOSE}# ${"x".repeat(5000)}\n` })).body as Made,
        );
        if (count % 2 === 0) continue;
        // Whether it was deleted is not known until the answer is there.
        done.versions.delete(id);
        if ((await call("DELETE", `/api/apps/${id}`)).status === 204) done.deleted.add(id);
      }
    } catch {
      // The connection broke: the Core was killed.
    }
  }

  async function untilRevision(done: Acknowledged, revision: number): Promise<void> {
    while (done.revision < revision) await new Promise((resolve) => setImmediate(resolve));
  }

  function check(now: Changes, done: Acknowledged): void {
    const revision = Number(now.cursor.split("-")[1]);
    expect(revision).to.be.at.least(done.revision);
    done.revision = revision;
    const versions = new Map(now.apps.map(({ id, version }) => [id, version]));
    for (const [id, version] of done.versions) expect(versions.get(id), `app ${id}`).to.be.at.least(version);
    for (const id of done.deleted) expect(versions.has(id), `app ${id} was deleted`).to.equal(false);
    expect(new Set(now.apps.map((app) => app.revision)).size, "no revision twice").to.equal(now.apps.length);
  }
});

interface Made {
  readonly app: { readonly id: string; readonly version: number; readonly revision: number };
}

function note(done: Acknowledged, { app }: Made): void {
  done.versions.set(app.id, app.version);
  done.revision = Math.max(done.revision, app.revision);
}
