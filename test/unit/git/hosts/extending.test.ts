import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { LRUCache } from "lru-cache";
import { systemClock } from "../../../../src/base/clock.js";
import { InstallationTokens } from "../../../../src/git/github/installation-tokens.js";
import { HostApi } from "../../../../src/git/hosts/api/client.js";
import { ResponseCache } from "../../../../src/git/hosts/api/response-cache.js";
import { Connections } from "../../../../src/git/http/connections.js";
import { DEFAULT_GIT_LIMITS } from "../../../../src/git/limits.js";
import { repositoryRoot } from "../../../../tools/repository-root.js";
import { ForgeHost } from "./support/forge-host.js";
import { forever, HostServer, STATUS } from "./support/host-server.js";

const read = (path: string): string => readFileSync(join(repositoryRoot(), path), "utf8");

describe("the page on how to add a Git host", () => {
  it("shows code that is compiled here", () => {
    const [, shown] = /```ts\n([\s\S]*?)```/.exec(read("docs/extending/git-hosts.md")) ?? [];
    const compiled = read("test/unit/git/hosts/support/forge-host.ts").replaceAll(
      "../../../../../src/git/hosts/",
      "./",
    );
    expect(shown).to.equal(compiled);
  });

  it("shows a host that does what the page says", async () => {
    const server = await HostServer.start();
    const connections = new Connections(DEFAULT_GIT_LIMITS);
    const api = `${server.origin}/api`;
    const remote = { url: api, credential: undefined, id: "1" };
    const target = {
      type: "Generic",
      api,
      remote,
      path: ["team", "shop"],
      web: "",
      repositoryUrl: "",
      where: undefined,
    } as const;
    const services = {
      clock: systemClock,
      connections,
      tokens: new InstallationTokens(connections, systemClock),
      timeoutMs: 5_000,
    };
    const memory = () => new LRUCache<string, number>({ max: 1 });
    const others = { cache: new ResponseCache(), limits: memory(), users: memory(), observe: () => {} };
    const host = new ForgeHost(new HostApi(target, { ...services, ...others }));
    try {
      server.answers = {
        "GET /api/repos/team/shop/commits/c0ffee/builds": { json: { builds: [{ title: "ci", ok: null }] } },
        "POST /api/repos/team/shop/commits/c0ffee/builds": { status: 201, json: {} },
      };
      expect(await host.checksOf("c0ffee", forever)).to.deep.equal([{ name: "ci", conclusion: "Pending" }]);
      await host.setStatus(STATUS, forever);
      expect(server.requests[1]?.body).to.include({ title: "overseer/shop/web", ok: false });
      expect(await host.proposeChange().catch((error: Error) => error.message)).to.include(
        "cannot open a pull request",
      );
    } finally {
      connections.clear();
      await server.stop();
    }
  });
});
