import { createHmac } from "node:crypto";
import { Readable } from "node:stream";
import { systemClock } from "../../../../src/base/clock.js";
import { parseJson } from "../../../../src/http/json-body.js";
import { bearerOf } from "../../../../src/server/rest/identity/token-reviews.js";
import { APP_KEYS } from "../../../../src/server/rest/lists/app-row.js";
import { parseQuery } from "../../../../src/server/rest/lists/query.js";
import { parseSort } from "../../../../src/server/rest/lists/window.js";
import { userOfClaims } from "../../../../src/server/rest/session/claims.js";
import { parseCookies, sealedSession } from "../../../../src/server/rest/session/cookies.js";
import { safeReturnPath } from "../../../../src/server/rest/session/same-origin.js";
import { WebhookReceiver } from "../../../../src/server/webhooks/receiver.js";
import { RefusalLog } from "../../../../src/server/webhooks/refusal-log.js";
import { Slots } from "../../../../src/server/webhooks/slots.js";
import { FakeLogger } from "../../../unit/support/fake-logger.js";
import { CANARY, type HostileReader, type ReaderGroup } from "../reader.js";
import { coreReaders } from "./core.js";
import { issuerReaders, SETTINGS } from "./issuers.js";
import { check, headersOf } from "./response.js";
import { restReaders } from "./rest.js";

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

/** Readers of requests from the network, and of what issuers answer. */
export async function requestReaders(): Promise<ReaderGroup> {
  const groups = [await issuerReaders(), await coreReaders(), await restReaders()];
  const stop = async (): Promise<void> => {
    for (const group of groups) await group.stop?.();
  };
  return { readers: [...PLAIN, ...groups.flatMap(({ readers }) => readers)], stop };
}
