import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { systemClock } from "../../../../src/base/clock.js";
import { silentLogger } from "../../../../src/base/logger.js";
import { HttpServer } from "../../../../src/http/server.js";
import { IdTokens } from "../../../../src/server/rest/session/id-tokens.js";
import { OidcSignIn } from "../../../../src/server/rest/session/oidc.js";
import { FakeLogger } from "../../../unit/support/fake-logger.js";
import { CANARY, type HostileReader, type ReaderGroup } from "../reader.js";
import { check } from "./response.js";

/** Settings of the sign-in. */
export const SETTINGS = {
  ...{
    issuer: "https://issuer.example.com",
    name: undefined,
    clientId: "overseer",
    clientSecretFile: undefined,
    scopes: "openid",
  },
  ...{ usernameClaim: "sub", usernamePrefix: "oidc:", groupsClaim: "groups", groupsPrefix: "oidc:" },
};

/** An issuer whose answers are the inputs. */
export async function issuerReaders(): Promise<ReaderGroup> {
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
