import { createHmac } from "node:crypto";
import { Readable } from "node:stream";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { systemClock } from "../../../../src/base/clock.js";
import { silentLogger } from "../../../../src/base/logger.js";
import { parseJson } from "../../../../src/http/json-body.js";
import { HttpServer } from "../../../../src/http/server.js";
import { restRoutes } from "../../../../src/server/rest/api.js";
import { EventHub } from "../../../../src/server/rest/events/event-hub.js";
import { Streams } from "../../../../src/server/rest/events/streams.js";
import { bearerOf } from "../../../../src/server/rest/identity/token-reviews.js";
import { APP_KEYS } from "../../../../src/server/rest/lists/app-row.js";
import { parseQuery } from "../../../../src/server/rest/lists/query.js";
import { Snapshots } from "../../../../src/server/rest/lists/snapshots.js";
import { parseSort } from "../../../../src/server/rest/lists/window.js";
import { mountRest } from "../../../../src/server/rest/mount.js";
import { RateLimits } from "../../../../src/server/rest/rate-limits.js";
import type { RestParts } from "../../../../src/server/rest/route.js";
import { userOfClaims } from "../../../../src/server/rest/session/claims.js";
import { parseCookies, sealedSession } from "../../../../src/server/rest/session/cookies.js";
import { IdTokens } from "../../../../src/server/rest/session/id-tokens.js";
import { OidcSignIn } from "../../../../src/server/rest/session/oidc.js";
import { safeReturnPath } from "../../../../src/server/rest/session/same-origin.js";
import { WebhookReceiver } from "../../../../src/server/webhooks/receiver.js";
import { RefusalLog } from "../../../../src/server/webhooks/refusal-log.js";
import { Slots } from "../../../../src/server/webhooks/slots.js";
import { app, change, repository } from "../../../unit/controllers/support/resources.js";
import { CoreRig } from "../../../unit/overseer-core/rig.js";
import { FakeLogger } from "../../../unit/support/fake-logger.js";
import { CANARY, type HostileReader, type ReaderGroup } from "../reader.js";

const BODY = JSON.stringify({ ref: "refs/heads/main", after: "0".repeat(40) });
const hmac = createHmac("sha256", CANARY).update(BODY).digest("hex");
const WEBHOOKS = [
  { "x-github-event": "push", "x-hub-signature-256": `sha256=${hmac}` },
  { "x-gitea-event": "push", "x-gitea-signature": hmac },
  { "x-forgejo-event": "push", "x-forgejo-signature": hmac },
  { "x-gitlab-event": "Push Hook", "x-gitlab-token": CANARY },
  { "webhook-id": "1", "webhook-timestamp": "1", "webhook-signature": `v1,${Buffer.alloc(32).toString("base64")}` },
  { "x-event-key": "repo:refs_changed", "x-hub-signature": `sha256=${hmac}` },
  { authorization: `Basic ${Buffer.from(`u:${CANARY}`).toString("base64")}` },
].map((headers) => ({ headers, body: BODY }));
const SETTINGS = {
  ...{
    issuer: "https://issuer.example.com",
    name: undefined,
    clientId: "overseer",
    clientSecretFile: undefined,
    scopes: "openid",
  },
  ...{ usernameClaim: "sub", usernamePrefix: "oidc:", groupsClaim: "groups", groupsPrefix: "oidc:" },
};

/** Fails when a response is a fault of the server, or shows the canary. */
function check(what: string, status: number, text: string): void {
  if (status >= 500 && status !== 501 && status !== 503)
    throw new TypeError(`${what} responded with ${status}: ${text.slice(0, 200)}`);
  if (text.includes(CANARY)) throw new TypeError(`${what} shows a secret value`);
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : (JSON.stringify(value) ?? ""));

const headersOf = (value: unknown): Record<string, string> =>
  Object.fromEntries(
    Object.entries(Object(value) as object).flatMap(([name, one]) =>
      typeof one === "string" ? [[name.toLowerCase(), one]] : [],
    ),
  );

const PLAIN: readonly HostileReader[] = [
  {
    name: "webhooks",
    weight: 2,
    secret: true,
    samples: WEBHOOKS,
    words: ["sha256=", "v1,", "v1a,", "Basic ", "whsec_", "ping", "sha1="],
    read: async (value: unknown) => {
      const { headers, body } = Object(value) as { headers?: unknown; body?: unknown };
      const logger = new FakeLogger();
      const receiver = new WebhookReceiver({
        ...{
          secretOf: () => "hook",
          tokenOf: async () => CANARY,
          onPush: () => {},
          slots: new Slots({ total: 2, perRepository: 1 }),
        },
        ...{ maxBodyBytes: 10_000, refusals: new RefusalLog(systemClock, logger), observe: () => {} },
      });
      const text = typeof body === "string" ? body : JSON.stringify(body ?? null);
      try {
        await receiver.receive({
          namespace: "a",
          name: "shop",
          headers: headersOf(headers),
          body: Readable.from([Buffer.from(text)]),
        });
      } finally {
        check("a webhook", 200, JSON.stringify(logger));
      }
    },
  },
  {
    name: "cookies",
    samples: ["__Host-overseer=a.b; x=y; __Host-overseer.1=c", "a=%41"],
    words: [";", "=", "%", "%zz", "__Host-overseer"],
    read: (text: string) => sealedSession(parseCookies(text)),
  },
  {
    name: "bearer-tokens",
    samples: ["Bearer abc.def.ghi"],
    words: ["Bearer", " ", ","],
    read: (text: string) => bearerOf(text),
  },
  {
    name: "return-paths",
    samples: ["/apps/shop?x=y#z"],
    words: ["//evil", "/\\evil", "javascript:", "%2f", "\t/", "@"],
    read: (path: string) => {
      const safe = safeReturnPath(path);
      if (new URL(safe, "https://overseer.example.com").origin !== "https://overseer.example.com")
        throw new TypeError(`leads away: ${safe}`);
    },
  },
  {
    name: "oidc-claims",
    samples: [{ sub: "ada", groups: ["ops"], email: "a@example.com", email_verified: true }],
    words: ["system:masters", "system:serviceaccount:a:b", "oidc:", "\n"],
    read: (claims: unknown) => {
      const user = userOfClaims(Object(claims) as never, SETTINGS);
      if (
        !("refused" in user) &&
        [user.name, ...user.groups].some((one) => typeof one !== "string" || one.startsWith("system:"))
      )
        throw new TypeError(`is a user of the system: ${JSON.stringify(user)}`);
    },
  },
  {
    name: "json-bodies",
    samples: [BODY, '{"a":[1,{"b":null}]}'],
    words: ["__proto__", "\\u0000", "1e400", "[[["],
    read: (text: string) => parseJson(text),
  },
  {
    name: "list-queries",
    samples: ['health:degraded ns:shop -name:"web app" x', "-changed,name"],
    words: [":", '"', "-", "*", ",", "name:"],
    read: (text: string) => {
      try {
        parseQuery(text, APP_KEYS);
      } finally {
        parseSort(text, ["name", "changed"], "name");
      }
    },
  },
];

/** An issuer whose answers are the inputs. */
async function oidc(): Promise<ReaderGroup> {
  const { publicKey, privateKey } = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "RS256", use: "sig" };
  const server = new HttpServer({
    host: "127.0.0.1",
    port: 0,
    addressFlags: "",
    clock: systemClock,
    logger: silentLogger,
  });
  const now = Math.floor(Date.now() / 1000);
  const token = await new SignJWT({ iss: SETTINGS.issuer, aud: "cli", sub: "ada", iat: now, exp: now + 86_400 })
    .setProtectedHeader({ alg: "RS256", kid: "k1" })
    .sign(privateKey);
  void server;
  const answering = async (answers: (path: string) => unknown, work: () => Promise<unknown>): Promise<void> => {
    const original = globalThis.fetch;
    globalThis.fetch = (async (url: unknown) => {
      const body = answers(String(url instanceof Request ? url.url : url));
      return new Response(typeof body === "string" ? body : (JSON.stringify(body) ?? ""), {
        headers: { "content-type": "application/json" },
      });
    }) as typeof fetch;
    try {
      await work();
    } finally {
      globalThis.fetch = original;
    }
  };
  const { issuer } = SETTINGS;
  const METADATA = {
    issuer,
    authorization_endpoint: `${issuer}/auth`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: ["code"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
  };
  const PENDING = { state: "state", nonce: "nonce", verifier: "v".repeat(43) };
  const readers: HostileReader[] = [
    {
      name: "oidc-id-tokens",
      secret: true,
      weight: 0.5,
      samples: [token],
      words: [".", "eyJhbGciOiJub25lIn0", "eyJhbGciOiJIUzI1NiJ9", "="],
      read: (text: string) =>
        answering(
          () => ({ keys: [jwk] }),
          () =>
            new IdTokens({
              settings: SETTINGS,
              audience: "cli",
              keysUrl: async () => `${issuer}/keys`,
              logger: silentLogger,
            }).verify(text),
        ),
    },
    {
      name: "oidc-keys",
      weight: 0.5,
      samples: [{ keys: [jwk] }],
      words: ["kty", "oct", "RSA", "AQAB"],
      read: (keys: unknown) =>
        answering(
          () => keys,
          () =>
            new IdTokens({
              settings: SETTINGS,
              audience: "cli",
              keysUrl: async () => `${issuer}/keys`,
              logger: silentLogger,
            }).verify(token),
        ),
    },
    {
      name: "oidc-answers",
      weight: 0.5,
      secret: true,
      samples: [
        {
          metadata: METADATA,
          token: { access_token: CANARY, token_type: "Bearer", id_token: token, expires_in: 300 },
          callback: "code=abc&state=state",
        },
      ],
      words: ["http://127.0.0.1:1/", "file:///etc/passwd", "iss=", "error=access_denied", "state=other"],
      read: async (value: unknown) => {
        const { metadata, token: granted, callback } = Object(value) as Record<string, unknown>;
        const logger = new FakeLogger();
        const answers = (path: string): unknown =>
          path.includes("well-known") ? metadata : path.endsWith("/keys") ? { keys: [jwk] } : granted;
        try {
          await answering(answers, async () => {
            const signIn = new OidcSignIn({
              settings: SETTINGS,
              clientSecret: CANARY,
              publicUrl: "https://overseer.example.com",
              logger,
            });
            await signIn.begin();
            await signIn.finish(new URLSearchParams(typeof callback === "string" ? callback : ""), PENDING);
          });
        } finally {
          check("a sign-in", 200, JSON.stringify(logger));
        }
      },
    },
  ];
  return { readers };
}

const CORE_PATHS = [
  "apps",
  "routes",
  "secrets",
  "nodes/register",
  "tokens",
  "backup-policies",
  "jobs/claim",
  "changes",
  "audit",
];
const CORE_BODIES = [
  { name: "shop", compose: "services:\n  web:\n    image: nginx:1\n", metadata: { a: "b" } },
  { name: "db", value: CANARY, valueTag: "t", metadata: {} },
  { name: "one", hostname: "one.example.com", version: "1", runner: "simulated" },
  { domain: "shop.example.com", appId: "x", service: "web", port: 80 },
  { name: "t", role: "reader" },
  { nodeId: "x", schedule: "0 2 * * *", retention: { daily: 7 } },
];

/** A real Core in this process, over HTTP. */
async function core(): Promise<ReaderGroup> {
  const rig = await CoreRig.start({ logger: new FakeLogger() });
  const call = async (method: string, path: string, body?: unknown): Promise<void> => {
    const headers = {
      authorization: `Bearer ${rig.admin}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    };
    const response = await fetch(`${rig.url}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: typeof body === "string" ? body : (JSON.stringify(body) ?? "null") }),
    });
    check(`${method} ${path}`, response.status, await response.text());
  };
  const readers: HostileReader[] = [
    {
      name: "core-bodies",
      weight: 0.6,
      secret: true,
      samples: CORE_BODIES,
      words: ["services: {}", "a/b", "*", "app", "compose"],
      read: (body: unknown, random) =>
        call(random.pick(["POST", "POST", "PUT"]), `/api/${random.pick(CORE_PATHS)}`, body),
    },
    {
      name: "core-texts",
      weight: 0.2,
      secret: true,
      samples: CORE_BODIES.map((body) => JSON.stringify(body)),
      read: (body: string, random) => call("POST", `/api/${random.pick(CORE_PATHS)}`, body),
    },
    {
      name: "core-queries",
      weight: 0.3,
      samples: ["limit=10&after=abc&name=shop", "since=5&wait=0"],
      words: ["limit=-1", "limit=1e9", "%00", "&", "after="],
      read: (query: string, random) =>
        call(
          "GET",
          `/api/${random.pick(CORE_PATHS)}?${encodeURI(query.replace(/[\ud800-\udfff]/g, "")).replace(/wait=\d+/g, "wait=0")}`,
        ),
    },
  ];
  return { readers, stop: () => rig.remove() };
}

const kind = (name: string) => ({
  group: "x",
  version: "v1",
  kind: name,
  plural: `${name.toLowerCase()}s`,
  namespaced: true,
  verbs: new Set(),
  hasStatus: true,
});

/** An object that is an app, a Change and a repository: whatever a route reads. */
const OBJECT = {
  ...app("shop/web"),
  spec: { ...repository("shop/repo").spec, ...app("shop/web").spec, ...change("shop/web-1", "web").spec },
};

/** The REST API in this process, over HTTP, for a user whom an API server lets do everything. */
async function rest(): Promise<ReaderGroup> {
  const empty = { get: () => undefined, values: () => [] };
  const nothing = { includes: () => false, knows: () => true, signature: "" };
  const parts = {
    clock: systemClock,
    users: {
      as: () => ({
        request: async () => ({ status: 200, warnings: [], body: OBJECT }),
        stream: async () => Readable.from([]),
      }),
    },
    rights: { readable: async () => nothing, can: async () => [] },
    resources: { app: kind("App"), change: kind("Change"), approval: kind("Approval"), repository: kind("Repository") },
    ...{ apps: empty, changes: empty, repositories: empty, kinds: { findAny: async () => undefined } },
    ...{
      snapshots: new Snapshots(systemClock),
      hub: new EventHub(),
      streams: new Streams(),
      version: () => "0",
      sessions: undefined,
      stillSignedIn: async () => {},
      programVersion: "0",
    },
  } as unknown as RestParts;
  const routes = restRoutes(parts).filter(({ path }) => !/events|logs|cores|audit|documents/.test(path));
  const server = new HttpServer({
    host: "127.0.0.1",
    port: 0,
    addressFlags: "",
    clock: systemClock,
    logger: new FakeLogger(),
  });
  const sizes = { user: { burst: 1e9, perSecond: 1e9 }, refused: { burst: 1e9, perSecond: 1e9 } };
  const authenticate = async (token: string) => ({
    name: "eve",
    groups: [],
    signedInBy: "token" as const,
    credential: { kind: "token" as const, token },
  });
  mountRest(server, routes, {
    tokens: { authenticate },
    sessions: undefined,
    limits: new RateLimits(systemClock, sizes),
  });
  const url = `http://127.0.0.1:${await server.start()}`;
  const call = async (
    input: { body?: unknown; query?: unknown; name?: unknown },
    random: Parameters<HostileReader["read"]>[1],
  ): Promise<void> => {
    const { method, path } = random.pick(routes);
    const name = encodeURIComponent(textOf(input.name ?? "web").replace(/[\ud800-\udfff]/g, "")).slice(0, 300) || "x";
    const query = encodeURI(textOf(input.query ?? "").replace(/[\ud800-\udfff]/g, "")).slice(0, 2_000);
    const target = `${path.replaceAll(/:\w+/g, name)}?${query}`;
    const hasBody = method !== "GET" && method !== "DELETE";
    const headers = { authorization: "Bearer good", ...(hasBody ? { "content-type": "application/json" } : {}) };
    const response = await fetch(`${url}${target}`, {
      method,
      headers,
      redirect: "manual",
      ...(hasBody ? { body: JSON.stringify(input.body) ?? "null" } : {}),
    });
    check(`${method} ${path}`, response.status, await response.text());
  };
  const readers: HostileReader[] = [
    {
      name: "rest-requests",
      weight: 0.6,
      samples: [
        {
          name: "web",
          query: "limit=10&q=health:degraded&sort=-changed",
          body: { objects: [{ kind: "ConfigMap", name: "a" }], reason: "x" },
        },
        { name: "web", query: "apiVersion=v1&kind=ConfigMap&namespace=shop&name=web", body: { key: "a", value: "b" } },
        { name: "web-1", query: "after=x", body: { decision: "Approve", planHash: "h" } },
        { name: "a", query: "", body: { url: "https://git.example.com/a.git", provider: "github", token: "t" } },
        {
          name: "a",
          query: "",
          body: {
            status: "firing",
            alerts: [{ labels: { namespace: "shop", app: "web" }, startsAt: "2026-01-01T00:00:00Z" }],
          },
        },
      ],
      words: ["..", "%2e", "/", "limit=0", "sort=", "q=", "*"],
      read: (input: unknown, random) => call(Object(input) as object, random),
    },
  ];
  return { readers, stop: () => server.stop() };
}

/** Readers of requests from the network, and of what issuers answer. */
export async function requestReaders(): Promise<ReaderGroup> {
  const groups = [await oidc(), await core(), await rest()];
  const stop = async (): Promise<void> => {
    for (const group of groups) await group.stop?.();
  };
  return { readers: [...PLAIN, ...groups.flatMap(({ readers }) => readers)], stop };
}
