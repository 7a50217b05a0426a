import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** A real SOCKS5 proxy on loopback (RFC 1928, RFC 1929). It resolves every name to loopback. */
export interface SocksProxy {
  readonly address: string;
  /** `host:port` of all requests. */
  readonly seen: readonly string[];
  stop(): Promise<void>;
}

/** Starts a proxy that asks for `credential`. `targets` says the port on loopback for each `host:port`. */
export async function startSocksProxy(targets: ReadonlyMap<string, number>, credential: string): Promise<SocksProxy> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  const track = (socket: Socket): Socket => {
    sockets.add(socket);
    return socket.on("error", () => socket.destroy());
  };
  const server = createServer((client) => {
    track(client);
    serve(client, targets, credential, seen, track).catch(() => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    async stop() {
      const closed = once(server, "close");
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

async function serve(
  client: Socket,
  targets: ReadonlyMap<string, number>,
  credential: string,
  seen: string[],
  track: (socket: Socket) => Socket,
): Promise<void> {
  const greeting = await next(client);
  const asks = greeting.subarray(2, 2 + (greeting[1] ?? 0)).includes(2);
  client.write(Buffer.from([5, asks ? 2 : 0xff]));
  if (!asks) return;
  const [name, password] = texts(await next(client), 1);
  const isRight = `${name}:${password}` === credential;
  client.write(Buffer.from([1, isRight ? 0 : 1]));
  if (!isRight) return;
  const request = await next(client);
  const [host = ""] = texts(request, 4);
  const address = `${host}:${request.readUInt16BE(request.length - 2)}`;
  const port = targets.get(address);
  if (port === undefined) {
    client.write(Buffer.from([5, 4, 0, 1, 0, 0, 0, 0, 0, 0]));
    return;
  }
  seen.push(address);
  const onward = track(connect(port, "127.0.0.1"));
  await once(onward, "connect");
  client.write(Buffer.from([5, 0, 0, 1, 127, 0, 0, 1, 0, 0]));
  onward.pipe(client).pipe(onward);
}

async function next(socket: Socket): Promise<Buffer> {
  const [chunk] = (await once(socket, "data")) as [Buffer];
  return chunk;
}

/** Texts with their length before them. */
function texts(bytes: Buffer, start: number): string[] {
  const found: string[] = [];
  for (let at = start; at < bytes.length; at += 1 + (bytes[at] ?? 0))
    found.push(bytes.subarray(at + 1, at + 1 + (bytes[at] ?? 0)).toString("utf8"));
  return found;
}
