import { join } from "node:path";
import type { AppRow } from "../../src/api/rest/apps.js";
import { systemClock } from "../../src/base/clock.js";
import { HttpServer } from "../../src/http/server.js";
import { restRoutes } from "../../src/server/rest/api.js";
import { EventHub } from "../../src/server/rest/events/event-hub.js";
import { Streams } from "../../src/server/rest/events/streams.js";
import type { Identity } from "../../src/server/rest/identity/identity.js";
import type { Listed } from "../../src/server/rest/lists/listed.js";
import { Snapshots } from "../../src/server/rest/lists/snapshots.js";
import { mountRest } from "../../src/server/rest/mount.js";
import { RateLimits } from "../../src/server/rest/rate-limits.js";
import type { RestParts } from "../../src/server/rest/route.js";
import { loadSite } from "../../src/server/ui/load-site.js";
import { FakeLogger } from "../../test/unit/support/fake-logger.js";
import { repositoryRoot } from "../../tools/repository-root.js";
import { UI_FOLDER } from "../../tools/ui-files.js";
import { listedApp } from "../rest/listed-app.js";

const USER: Identity = { name: "eve", groups: [], signedInBy: "token", credential: { kind: "token", token: "t" } };

/** The REST API and the web UI over apps in memory, without a cluster. Any token is that of one user, who may read everything. */
export class FleetServer {
  readonly #apps: Map<string, Listed<AppRow>>;
  readonly #hub = new EventHub();
  readonly #streams = new Streams();
  readonly #server: HttpServer;
  #round = 0;

  private constructor(count: number) {
    const all = Array.from({ length: count }, (_, index) => listedApp(index));
    this.#apps = new Map(all.map((app) => [app.spec.key, app]));
    const logger = new FakeLogger();
    this.#server = new HttpServer({ host: "127.0.0.1", port: 0, addressFlags: "", clock: systemClock, logger });
    const limits = new RateLimits(systemClock);
    mountRest(this.#server, restRoutes(this.#parts()), {
      ...{ tokens: { authenticate: async () => USER }, sessions: undefined, limits },
    });
  }

  /** Starts a server with this many apps. Returns it with its address. */
  static async start(count: number): Promise<{ readonly fleet: FleetServer; readonly url: string }> {
    const fleet = new FleetServer(count);
    const site = await loadSite(join(repositoryRoot(), UI_FOLDER), "");
    if (site === undefined) throw new Error(`${UI_FOLDER} has no web UI: run make build`);
    fleet.#server.serveFiles(site);
    return { fleet, url: `http://127.0.0.1:${await fleet.#server.start()}` };
  }

  /** Changes apps, spread over the fleet; each change is an event. */
  change(count: number): void {
    for (let at = 0; at < count; at++) {
      const index = (this.#round * 7919) % this.#apps.size;
      const next = listedApp(index, ++this.#round);
      const before = this.#apps.get(next.spec.key);
      this.#apps.set(next.spec.key, next);
      this.#hub.changed("overseerapps", next.spec, before?.spec);
    }
  }

  async stop(): Promise<void> {
    this.#streams.stop();
    await this.#server.stop();
  }

  #parts(): RestParts {
    const apps = { get: (key: string) => this.#apps.get(key), values: () => this.#apps.values() };
    const empty = { get: () => undefined, values: () => [] };
    const everything = { includes: () => true, knows: () => true, signature: "*" };
    return {
      ...{ clock: systemClock, apps, changes: empty, repositories: empty, hub: this.#hub, streams: this.#streams },
      rights: { readable: async () => everything, can: async () => [], mayFreeze: async () => false },
      kinds: { findAny: async () => undefined },
      snapshots: new Snapshots(systemClock),
      version: () => this.#hub.position,
      sessions: undefined,
      stillSignedIn: async () => {},
      programVersion: "bench",
    } as unknown as RestParts;
  }
}
