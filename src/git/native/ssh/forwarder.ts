import { once } from "node:events";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import type { HttpProxy } from "../../../base/proxy.js";
import { openTunnel } from "../../http/tunnel.js";
import type { SshAddress } from "../../ssh/address.js";

/**
 * A port on loopback whose connections lead through a proxy to one SSH server. The credential of the proxy stays in this process, and
 * `ssh` needs no helper program.
 */
export class ProxyForwarder {
  /** Port on 127.0.0.1. */
  readonly port: number;
  /** Why the last connection could not be opened; undefined if none failed. */
  failure: unknown;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, proxy: HttpProxy, { host, port }: SshAddress, timeoutMs: number) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on("connection", (client: Socket) => {
      this.#keep(client);
      openTunnel(proxy, host, port, timeoutMs).then(
        (tunnel) => {
          this.#keep(tunnel);
          if (client.destroyed) tunnel.destroy();
          client.on("close", () => tunnel.destroy());
          tunnel.on("close", () => client.destroy());
          client.pipe(tunnel).pipe(client);
        },
        (error: unknown) => {
          this.failure = error;
          client.destroy();
        },
      );
    });
  }

  /** Listens until `close`. Throws if there is no free port. */
  static async open(proxy: HttpProxy, address: SshAddress, timeoutMs: number): Promise<ProxyForwarder> {
    const server = createServer();
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return new ProxyForwarder(server, proxy, address, timeoutMs);
  }

  /** Closes the port and all connections. */
  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #keep(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#sockets.delete(socket));
  }
}
