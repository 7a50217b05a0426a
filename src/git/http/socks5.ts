import { once } from "node:events";
import { connect, isIP, type Socket } from "node:net";
import { buildConnector } from "undici";
import type { HttpProxy } from "../../base/proxy.js";
import { GitError } from "../errors.js";

/** Settings of connections through a SOCKS proxy. */
export type SocksSettings = buildConnector.BuildOptions & {
  /** Milliseconds until the tunnel must be open. */
  readonly timeout: number;
};

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const USER_AND_PASSWORD = 2;
const CONNECT = 1;
const IPV4 = 1;
const DOMAIN = 3;

/** Meaning of the reply codes of RFC 1928. */
const REPLIES: Readonly<Record<number, string>> = {
  1: "general failure",
  2: "its rules forbid the connection",
  3: "network unreachable",
  4: "host unreachable",
  5: "connection refused",
  6: "timeout",
  7: "command not supported",
  8: "address type not supported",
};

/**
 * Returns a connector for undici that opens connections through a SOCKS5 proxy (RFC 1928, RFC 1929). The proxy resolves host names.
 * Fails with `GIT_UNREACHABLE` if the proxy refuses, and with the errors of sockets.
 */
export function socks5Connector(proxy: HttpProxy, settings: SocksSettings): buildConnector.connector {
  const upgrade = buildConnector(settings);
  return (options, callback) => {
    const isTls = options.protocol === "https:";
    const port = Number(options.port || (isTls ? 443 : 80));
    socks5Tunnel(proxy, options.hostname, port, settings.timeout).then(
      (socket) => {
        if (isTls) upgrade({ ...options, httpSocket: socket }, callback);
        else callback(null, socket.setNoDelay(true));
      },
      (error: Error) => callback(error, null),
    );
  };
}

/** Opens a connection to `host:port` through a SOCKS5 proxy. Fails like `socks5Connector`. */
export async function socks5Tunnel(proxy: HttpProxy, host: string, port: number, timeoutMs: number): Promise<Socket> {
  const { hostname, port: proxyPort } = new URL(proxy.url);
  const socket = connect(Number(proxyPort), hostname.replace(/^\[|\]$/g, ""));
  const late = Object.assign(new Error("the proxy does not respond"), { code: "ETIMEDOUT" });
  const timer = setTimeout(() => socket.destroy(late), timeoutMs);
  try {
    await once(socket, "connect");
    await authenticate(socket, proxy);
    await request(socket, proxy, host.replace(/^\[|\]$/g, ""), port);
    return socket;
  } catch (error) {
    socket.on("error", () => {});
    socket.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function authenticate(socket: Socket, proxy: HttpProxy): Promise<void> {
  const { credential } = proxy;
  const method = credential === undefined ? NO_AUTHENTICATION : USER_AND_PASSWORD;
  socket.write(Buffer.from([VERSION, 1, method]));
  const [version, chosen] = await read(socket, 2);
  if (version !== VERSION) throw refused(proxy, "does not speak SOCKS5");
  if (chosen !== method)
    throw refused(
      proxy,
      credential === undefined ? "requires a user name and password" : "accepts no user name and password",
    );
  if (credential === undefined) return;
  const [name, password] = [Buffer.from(credential.username), Buffer.from(credential.password)];
  socket.write(Buffer.concat([Buffer.from([1, name.length]), name, Buffer.from([password.length]), password]));
  const [, status] = await read(socket, 2);
  if (status !== 0) throw refused(proxy, "rejects the user name and password");
}

async function request(socket: Socket, proxy: HttpProxy, host: string, port: number): Promise<void> {
  const name = Buffer.from(host);
  const target =
    isIP(host) === 4
      ? Buffer.from([IPV4, ...host.split(".").map(Number)])
      : Buffer.concat([Buffer.from([DOMAIN, name.length]), name]);
  const end = Buffer.alloc(2);
  end.writeUInt16BE(port);
  socket.write(Buffer.concat([Buffer.from([VERSION, CONNECT, 0]), target, end]));
  const [, reply = 1, , type] = await read(socket, 4);
  const address = isIP(host) === 6 ? `[${host}]:${port}` : `${host}:${port}`;
  if (reply !== 0) throw refused(proxy, `does not connect to ${address} (${REPLIES[reply] ?? `reply ${reply}`})`);
  const length = type === DOMAIN ? ((await read(socket, 1))[0] ?? 0) : type === 4 ? 16 : 4;
  await read(socket, length + 2);
}

/** Reads exactly `count` bytes. */
async function read(socket: Socket, count: number): Promise<Buffer> {
  for (;;) {
    const bytes: Buffer | null = socket.read(count);
    if (bytes?.length === count) return bytes;
    if (bytes !== null || socket.readableEnded || socket.destroyed)
      throw Object.assign(new Error("the proxy closed the connection"), { code: "ECONNRESET" });
    const waiting = new AbortController();
    const { signal } = waiting;
    const events = ["readable", "end", "close"].map((event) => once(socket, event, { signal }));
    await Promise.race(events).finally(() => {
      for (const event of events) event.catch(() => {});
      waiting.abort();
    });
  }
}

function refused({ address, variable }: HttpProxy, what: string): GitError {
  return new GitError(
    "GIT_UNREACHABLE",
    `the proxy ${address} (${variable}) ${what}: check the proxy and its settings`,
  );
}
