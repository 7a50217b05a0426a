import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

/** A TCP server for what is no HTTP: it does with each connection what it is told, and nothing unless told. */
export class RawServer {
  readonly port: number;
  readonly sockets = new Set<Socket>();
  readonly #server: ReturnType<typeof createServer>;

  private constructor(server: ReturnType<typeof createServer>, sockets: Set<Socket>) {
    this.#server = server;
    this.sockets = sockets;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(onSocket: (socket: Socket) => void = () => {}): Promise<RawServer> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket.on("error", () => {}));
      onSocket(socket);
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new RawServer(server, sockets);
  }

  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }
}
