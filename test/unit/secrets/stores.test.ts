import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import { HostRules } from "../../../src/base/host-rules.js";
import { notListed } from "../../../src/controllers/overseer-app/source/secret-values.js";
import { SecretStores, type StoreAccess } from "../../../src/secrets/stores/secret-stores.js";
import { FakeClock } from "../support/fake-clock.js";

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const LOGIN = { auth: { client_token: "t1", lease_duration: 90, renewable: true } };
const VALUE = { data: { data: { password: "p1", port: 5432 }, metadata: { version: 1 } } };

describe("secret stores", () => {
  let server: Server;
  let requests: string[];
  let answer: (request: IncomingMessage) => Answer;
  let clock: FakeClock;
  let stores: SecretStores;
  beforeEach(async () => {
    requests = [];
    clock = new FakeClock();
    server = createServer((request, response) => {
      requests.push(`${request.method} ${request.url}`);
      const { status = 200, headers = {}, body = {} } = answer(request);
      response.writeHead(status, headers).end(JSON.stringify(body));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    stores = new SecretStores({ hosts: new HostRules(["127.0.0.1"]) }, clock);
  });
  afterEach(async () => {
    await stores.close();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const url = (host = "127.0.0.1"): string => `http://${host}:${(server.address() as AddressInfo).port}`;
  const vault = (more: Partial<StoreAccess> = {}): StoreAccess =>
    ({
      ...{ kind: "vault", id: "v", url: url(), ca: undefined, mount: "secret", namespace: undefined },
      credential: {
        kind: "login",
        path: "approle",
        as: "the AppRole a",
        body: async () => ({ secret_id: "s3cr3t-id" }),
      },
      ...more,
    }) as StoreAccess;
  const read = (access: StoreAccess, since = 0, maxAgeMs?: number) =>
    stores.read(access, "shop/db", undefined, { since, maxAgeMs });
  const failure = async (work: Promise<unknown>): Promise<string> =>
    work.then(
      () => "no error",
      (error: { reason: string; message: string }) => `${error.reason}: ${error.message}`,
    );
  const healthy = ({ url: path = "" }: IncomingMessage): Answer => ({ body: path.includes("/data/") ? VALUE : LOGIN });

  it("ask once for apps that read the same, and not again before the value is too old", async () => {
    answer = healthy;
    const both = await Promise.all([read(vault(), 0, 60_000), read(vault(), 0, 60_000)]);
    expect(both.map(({ data }) => String(data?.get("password")))).to.deep.equal(["p1", "p1"]);
    expect(String(both[0]?.data?.get("port"))).to.equal("5432");
    await read(vault(), 0, 60_000);
    expect(requests).to.deep.equal(["POST /v1/auth/approle/login", "GET /v1/secret/data/shop/db"]);
    await clock.advance(60_000);
    await read(vault(), 0, 60_000);
    // Two thirds of the lease have passed.
    expect(requests.slice(2)).to.deep.equal(["POST /v1/auth/token/renew-self", "GET /v1/secret/data/shop/db"]);
  });

  it("without an interval ask again only if values from before do not count", async () => {
    answer = healthy;
    await read(vault());
    await clock.advance(3_600_000);
    await read(vault());
    expect(requests).to.have.length(2);
    await read(vault(), clock.monotonic());
    expect(requests).to.have.length(4);
  });

  it("log in again when a token is rejected, and revoke it when no app uses the store", async () => {
    answer = healthy;
    await read(vault());
    let rejected = 0;
    answer = (request) => (request.url?.includes("/data/") && rejected++ === 0 ? { status: 403 } : healthy(request));
    await clock.advance(1);
    await read(vault(), clock.monotonic());
    const data = "GET /v1/secret/data/shop/db";
    expect(requests.slice(2)).to.deep.equal([data, "POST /v1/auth/approle/login", data]);
    stores.use("shop/web", new Set(["v"]));
    stores.forget("shop/web");
    while (!requests.includes("POST /v1/auth/token/revoke-self")) await new Promise((resolve) => setImmediate(resolve));
  });

  it("send nothing to addresses that are not allowed, and follow no redirect", async () => {
    answer = healthy;
    const strict = new SecretStores({ hosts: new HostRules([]) }, clock);
    for (const host of ["127.0.0.1", "localhost"])
      expect(
        await failure(strict.read(vault({ url: url(host) }), "a", undefined, { since: 0, maxAgeMs: undefined })),
      ).to.match(/^SecretStoreInvalid: .* is not in --secret-store-hosts/);
    await strict.close();
    expect(requests).to.deep.equal([]);
    answer = () => ({ status: 307, headers: { location: "http://169.254.169.254/latest" } });
    expect(await failure(read(vault()))).to.match(
      /^SecretStoreUnavailable: .*redirects to 169\.254\.169\.254, which is not followed/,
    );
    expect(requests).to.deep.equal(["POST /v1/auth/approle/login"]);
    for (const bad of ["http://vault.example.com", "https://u:p@vault.example.com", "file:///etc/passwd"])
      expect(await failure(read(vault({ id: bad, url: bad })))).to.match(
        /^SecretStoreInvalid: url must begin with https/,
      );
  });

  it("of a Core never ask for a secret of backups", async () => {
    answer = () => ({ body: { secrets: [{ name: "backup.RESTIC_PASSWORD", scope: "global", id: "1" }], value: "x" } });
    const core: StoreAccess = { kind: "core", id: "c", url: url(), ca: undefined, token: "t", from: "Secret a/b" };
    const reading = stores.read(core, "backup.RESTIC_PASSWORD", undefined, { since: 0, maxAgeMs: undefined });
    expect(await failure(reading)).to.match(
      /^SecretStoreDenied: backup\.RESTIC_PASSWORD is a secret for backups or registries/,
    );
    expect(requests).to.deep.equal([]);
  });

  it("of the cluster and of a Core give documents only what they list", () => {
    const core = { url: "https://c", secretRef: { name: "t" }, interval: "0s" };
    expect(notListed({ name: "core", core: { ...core, secrets: ["a"] } }, "a")).to.equal(undefined);
    expect(notListed({ name: "core", core: { ...core, secrets: ["a"] } }, "b")).to.equal(
      "Secret b is not in core.secrets of the store core: add it to spec.source.secretStores of the OverseerApp",
    );
    // Stored before the list was required.
    expect(notListed({ name: "core", core: core as never }, "b")).to.match(/^Secret b is not in core\.secrets/);
    expect(notListed({ name: "own", kubernetes: { secrets: [] } }, "b")).to.match(/not in kubernetes\.secrets/);
  });

  it("never repeat a credential or a value in a message", async () => {
    answer = () => ({ status: 400, body: { errors: ["invalid secret id s3cr3t-id"] } });
    expect(await failure(read(vault()))).to.match(/^SecretStoreDenied: .*AppRole a \(400\): check the role/);
    answer = (request) =>
      request.url?.includes("/data/") ? { status: 500, body: { errors: ["<p1>"] } } : healthy(request);
    expect(await failure(read(vault()))).to.match(/^SecretStoreUnavailable: .*answered 500$/);
  });
});
