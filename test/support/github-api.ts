import { createPublicKey, createVerify, generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What the API of GitHub does for an app: checks the signature of its claim, and issues tokens of its installation. */
export interface GithubApi {
  readonly url: string;
  readonly appId: string;
  readonly installation: string;
  readonly privateKey: string;
  /** `METHOD path` of all requests. */
  readonly requests: readonly string[];
  /** Tokens that were issued, in their order. */
  readonly tokens: readonly string[];
  /** Permissions that tokens were requested with, in their order. */
  readonly permissions: readonly unknown[];
  /** The token to issue; a random one unless told. */
  token: string | undefined;
  /** How long the next tokens are valid. */
  validMs: number;
  /** Status that every request is answered with instead. */
  refusal: number | undefined;
  stop(): Promise<void>;
}

/** Starts the API for one app that is installed on `/team/apps`. */
export async function startGithubApi(now: () => number = Date.now): Promise<GithubApi> {
  const keys = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const requests: string[] = [];
  const tokens: string[] = [];
  const permissions: unknown[] = [];
  const api = { validMs: 3_600_000, refusal: undefined as number | undefined, token: undefined as string | undefined };
  const [appId, installation] = ["12345", "678"];
  const answer = (request: IncomingMessage, body: string): [status: number, value: object] => {
    const text = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? "";
    if (tokens.includes(text)) return [404, { message: "Not Found" }];
    if (!isSigned(text, keys.publicKey.export({ type: "spki", format: "pem" }).toString(), appId, now()))
      return [401, { message: "A JSON web token could not be decoded" }];
    if (api.refusal !== undefined) return [api.refusal, { message: "canary" }];
    if (request.method === "GET" && request.url === "/api/v3/repos/team/apps/installation")
      return [200, { id: Number(installation) }];
    if (request.method !== "POST" || request.url !== `/api/v3/app/installations/${installation}/access_tokens`)
      return [404, { message: "Not Found" }];
    const { permissions: wanted } = JSON.parse(body) as { permissions?: unknown };
    permissions.push(wanted);
    const token = api.token ?? `ghs_canary${randomBytes(12).toString("hex")}`;
    tokens.push(token);
    return [201, { token, expires_at: new Date(now() + api.validMs).toISOString() }];
  };
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    requests.push(`${request.method} ${request.url}`);
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk: string) => {
      body += chunk;
    });
    request.on("end", () => {
      const [status, value] = answer(request, body);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(api, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v3`,
    appId,
    installation,
    privateKey: keys.privateKey.export({ type: "pkcs1", format: "pem" }).toString(),
    requests,
    tokens,
    permissions,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  });
}

/** Whether a JSON Web Token has this issuer, is valid now for at most ten minutes, and is signed by RS256. */
function isSigned(text: string, publicKey: string, issuer: string, now: number): boolean {
  const [header = "", claims = "", signature = ""] = text.split(".");
  const read = (part: string): Record<string, unknown> => {
    try {
      return JSON.parse(Buffer.from(part, "base64url").toString("utf8")) as Record<string, unknown>;
    } catch {
      return {};
    }
  };
  const { iat, exp, iss } = read(claims) as { iat?: number; exp?: number; iss?: string };
  const verify = createVerify("RSA-SHA256").update(`${header}.${claims}`);
  const isOurs = verify.verify(createPublicKey(publicKey), Buffer.from(signature, "base64url"));
  const seconds = now / 1000;
  const isValid = iat !== undefined && exp !== undefined && iat <= seconds && exp > seconds && exp - seconds <= 600;
  return isOurs && isValid && iss === issuer && read(header).alg === "RS256";
}
