import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import type { Whoami } from "../../../api/rest/user.js";
import { messageOf } from "../../../base/errors.js";
import { CommandError, EXIT, type ExitCode } from "../../exit-codes.js";
import { fileFault } from "../../file-fault.js";
import { type CliClient, Issuer } from "../../login/issuer.js";
import { Loopback } from "../../login/loopback.js";
import { serverUrl } from "../../login/server-url.js";
import { type IssuedTokens, type Login, LoginStore } from "../../login/store.js";
import { fixedToken } from "../../login/tokens.js";
import { ServerHttp } from "../../server/server-http.js";
import { print, say } from "../../terminal.js";

/** Flags of `overseer login`. */
export interface LoginFlags {
  /** A bearer token; `-` reads it from standard input. */
  readonly token?: string;
  readonly device?: boolean;
  readonly port: number;
  /** False with --no-browser. */
  readonly browser: boolean;
  readonly certificateAuthority?: string;
  /** Milliseconds to sign in. */
  readonly timeout: number;
}

/** Limit of requests to the server, in milliseconds. */
const REQUEST_MS = 15_000;

/** Runs `overseer login`: stores a credential for a server after the server has accepted it. */
export async function login(server: string, flags: LoginFlags): Promise<ExitCode> {
  const url = serverUrl(server);
  const ca = flags.certificateAuthority === undefined ? undefined : await readCa(flags.certificateAuthority);
  const found = flags.token === undefined ? await byIssuer(url, ca, flags) : { token: await readToken(flags.token) };
  const user = await whoAmI(url, ca, found.oidc?.idToken ?? found.token ?? "");
  const store = new LoginStore(process.env);
  await store.update(url, async () => ({ ...found, ...(ca === undefined ? {} : { ca }) }));
  print(`signed in to ${url} as ${user.name}\n`);
  say(`The credential is in ${store.path}. Use it by --server ${url}, or: export OVERSEER_SERVER=${url}`);
  return EXIT.done;
}

/** Runs `overseer logout`. */
export async function logout(server: string | undefined): Promise<ExitCode> {
  const store = new LoginStore(process.env);
  const known = await store.servers();
  const [only] = known;
  if (server === undefined && known.length !== 1)
    throw new CommandError(
      known.length === 0 ? "not signed in to any server" : `name the server to sign out of: ${known.join(", ")}`,
      EXIT.usage,
    );
  const url = serverUrl(server ?? only ?? "");
  if (!known.includes(url)) throw new CommandError(`not signed in to ${url}`, EXIT.noConnection);
  let ended: Login | undefined;
  await store.update(url, async (current) => {
    ended = current;
    return undefined;
  });
  const problem = ended?.oidc === undefined ? undefined : await revoke(ended.oidc);
  print(`signed out of ${url}\n`);
  if (problem !== undefined) say(`the issuer may still renew the sign-in: ${problem}`);
  return EXIT.done;
}

async function byIssuer(url: string, ca: string | undefined, flags: LoginFlags): Promise<Login> {
  const http = new ServerHttp({ url, tokens: undefined, ca, timeoutMs: REQUEST_MS });
  try {
    const { oidc } = await http.request<{ readonly oidc?: { readonly cli?: CliClient } }>({
      method: "GET",
      path: "/sign-in",
    });
    if (oidc?.cli === undefined)
      throw new CommandError(
        `${url} has no sign-in for the command line: use --token, or set --oidc-cli-client-id of the server`,
        EXIT.noConnection,
      );
    const issuer = await Issuer.discover(oidc.cli);
    const byDevice = flags.device ?? (!issuer.hasCodeFlow || (issuer.hasDeviceFlow && isRemote(process.env)));
    if (byDevice && !issuer.hasDeviceFlow)
      throw new CommandError(`the issuer ${oidc.cli.issuer} has no device flow: omit --device`, EXIT.failed);
    const signal = AbortSignal.timeout(flags.timeout);
    return { oidc: await (byDevice ? deviceFlow(issuer, signal) : codeFlow(issuer, flags, signal)) };
  } finally {
    await http.close();
  }
}

/** In a session by SSH, no browser reaches a port of this machine. */
function isRemote({ SSH_CONNECTION: connection, DISPLAY: display }: NodeJS.ProcessEnv): boolean {
  return connection !== undefined && display === undefined;
}

async function codeFlow(issuer: Issuer, { port, browser }: LoginFlags, signal: AbortSignal): Promise<IssuedTokens> {
  const loopback = await Loopback.open(port);
  try {
    const { url, finish } = await issuer.beginCodeFlow(loopback.redirectUri);
    say(`Sign in with a browser on this machine:\n\n  ${url}\n`);
    if (browser) openBrowser(url);
    return await finish(await Promise.race([loopback.back, untilLate(signal)]));
  } finally {
    await loopback.close();
  }
}

async function deviceFlow(issuer: Issuer, signal: AbortSignal): Promise<IssuedTokens> {
  const { url, complete, code, finish } = await issuer.beginDeviceFlow();
  say(`Open ${url} with any browser, and enter the code ${code}.`);
  if (complete !== undefined) say(`Or open ${complete}`);
  return finish(signal).catch((error: unknown) => {
    throw signal.aborted ? tooLate() : error;
  });
}

/** A browser that cannot be opened is no error: the URL is printed. */
function openBrowser(url: string): void {
  if (!process.stderr.isTTY) return;
  const program = process.platform === "darwin" ? "open" : "xdg-open";
  spawn(program, [url], { stdio: "ignore", detached: true })
    .on("error", () => {})
    .unref();
}

/** Rejects when the time is over. */
function untilLate(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(tooLate()), { once: true });
  });
}

function tooLate(): CommandError {
  return new CommandError("no sign-in within the time of --timeout: run overseer login again", EXIT.timeout);
}

async function whoAmI(url: string, ca: string | undefined, token: string): Promise<Whoami> {
  const http = new ServerHttp({ url, tokens: fixedToken(url, token), ca, timeoutMs: REQUEST_MS });
  try {
    return await http.request<Whoami>({ method: "GET", path: "/whoami" });
  } finally {
    await http.close();
  }
}

async function revoke({ refreshToken, ...client }: IssuedTokens): Promise<string | undefined> {
  if (refreshToken === undefined) return undefined;
  try {
    await (await Issuer.discover(client)).revoke(refreshToken);
    return undefined;
  } catch (error) {
    return messageOf(error);
  }
}

async function readToken(given: string): Promise<string> {
  const token = (given === "-" ? (await buffer(process.stdin)).toString("utf8") : given).trim();
  if (/^[A-Za-z0-9\-._~+/]+=*$/.test(token)) return token;
  throw new CommandError("the token is empty, or has characters that no bearer token has", EXIT.usage);
}

async function readCa(path: string): Promise<string> {
  try {
    const text = await readFile(path, "utf8");
    if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  } catch (error) {
    throw new CommandError(`--certificate-authority ${path} cannot be read: ${fileFault(error)}`, EXIT.usage);
  }
  throw new CommandError(`--certificate-authority ${path} has no certificate in PEM`, EXIT.usage);
}
