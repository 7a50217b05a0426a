import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf } from "../../base/errors.js";
import { CommandError, EXIT } from "../exit-codes.js";

/** Path of the redirect URI. */
const PATH = "/callback";

/** The page that ends a sign-in in the browser. */
const PAGE = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Overseer GitOps</title>
<p>You can close this page, and return to the terminal.</p></html>`;

/** Receives the redirect of the issuer on this machine, once (RFC 8252). */
export class Loopback {
  readonly redirectUri: string;
  /** The URL that the issuer has redirected to. */
  readonly back: Promise<URL>;
  readonly #close: () => Promise<void>;

  private constructor(redirectUri: string, back: Promise<URL>, close: () => Promise<void>) {
    this.redirectUri = redirectUri;
    this.back = back;
    this.#close = close;
  }

  /** Listens at a port; 0 is any that is free. Throws CommandError if it is in use. */
  static async open(port: number): Promise<Loopback> {
    let arrived: (url: URL) => void = () => {};
    const back = new Promise<URL>((resolve) => {
      arrived = resolve;
    });
    const server = createServer((request, response) => {
      const url = new URL(request.url ?? "/", "http://127.0.0.1");
      // A browser also asks for an icon.
      if (
        request.method !== "GET" ||
        url.pathname !== PATH ||
        !(url.searchParams.has("code") || url.searchParams.has("error"))
      )
        return answer(response, 404, "");
      answer(response, 200, PAGE);
      arrived(new URL(`${redirectUri}${url.search}`));
    });
    let redirectUri = "";
    await new Promise<void>((resolve, reject) => {
      server.once("error", (error) =>
        reject(new CommandError(`cannot listen at 127.0.0.1:${port} for the issuer: ${messageOf(error)}`, EXIT.failed)),
      );
      server.listen(port, "127.0.0.1", resolve);
    });
    redirectUri = `http://127.0.0.1:${(server.address() as AddressInfo).port}${PATH}`;
    return new Loopback(redirectUri, back, async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      await closed;
    });
  }

  /** Stops listening, after the answer to the browser. */
  close(): Promise<void> {
    return this.#close();
  }
}

function answer(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'",
    connection: "close",
  });
  response.end(body);
}
