import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";

/** A real HTTP proxy on loopback: tunnels by CONNECT, and absolute URLs for plain HTTP. It resolves every name to loopback. */
export interface TestProxy {
  readonly address: string;
  /** `CONNECT host:port` and `GET http://…` of all requests. */
  readonly seen: readonly string[];
  /** Connections that were accepted. */
  readonly connections: number;
  /** What every request is answered with instead; undefined lets them through. */
  refusal: number | undefined;
  stop(): Promise<void>;
}

/** Starts a proxy. `targets` says the port on loopback for each `host:port`; `credential` is what it asks for. */
export async function startProxy(targets: ReadonlyMap<string, number>, credential?: string): Promise<TestProxy> {
  const seen: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const proxy = { refusal: undefined as number | undefined };
  const refusalOf = (request: IncomingMessage): number | undefined => {
    if (proxy.refusal !== undefined) return proxy.refusal;
    const expected = credential === undefined ? undefined : `Basic ${Buffer.from(credential).toString("base64")}`;
    return expected !== undefined && request.headers["proxy-authorization"] !== expected ? 407 : undefined;
  };
  const server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    const refused = refusalOf(request);
    const { host, pathname, search } = new URL(request.url ?? "", "http://nowhere");
    const port = targets.get(host.includes(":") ? host : `${host}:80`);
    if (refused !== undefined || port === undefined) {
      request.resume();
      response.writeHead(refused ?? 502).end();
      return;
    }
    const { "proxy-authorization": _, ...headers } = request.headers;
    const options = { host: "127.0.0.1", port, path: pathname + search, method: request.method, headers };
    const onward = httpRequest(options, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on("error", () => response.destroy());
    request.pipe(onward);
  });
  server.on("connection", (socket: Socket) => {
    connections++;
    sockets.add(socket);
    socket.on("error", () => {});
  });
  server.on("connect", (request: IncomingMessage, client: Socket, head: Buffer) => {
    seen.push(`CONNECT ${request.url}`);
    client.on("error", () => {});
    const refused = refusalOf(request);
    const port = targets.get(request.url ?? "");
    if (refused !== undefined || port === undefined) {
      client.end(`HTTP/1.1 ${refused ?? 502} Refused\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const onward = connect(port, "127.0.0.1", () => {
      client.write("HTTP/1.1 200 Connection established\r\n\r\n");
      onward.write(head);
      onward.pipe(client).pipe(onward);
    });
    sockets.add(onward);
    onward.on("error", () => client.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const made = {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    get connections() {
      return connections;
    },
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    get refusal() {
      return proxy.refusal;
    },
    set refusal(status: number | undefined) {
      proxy.refusal = status;
    },
  };
  return made;
}
