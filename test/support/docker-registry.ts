import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** A server on loopback. */
export interface ListeningServer {
  /** `127.0.0.1:port`. */
  readonly address: string;
  close(): Promise<void>;
}

/** A registry that denies every pull, as registries do without credentials. */
export async function denyingRegistry(): Promise<ListeningServer> {
  const server = createServer((_request, response) => {
    const errors = [{ code: "UNAUTHORIZED", message: "authentication required" }];
    response.writeHead(401, { "content-type": "application/json", "www-authenticate": 'Basic realm="private"' });
    response.end(JSON.stringify({ errors }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
