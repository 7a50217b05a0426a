import { once } from "node:events";
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

/** What a front does with a request: answers it itself, or lets it through with other headers. */
export type Answer =
  | { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string | Buffer }
  | { readonly without: string };

/** A server before the real Git server: it answers some requests itself and passes on the others. */
export interface Front {
  readonly url: string;
  /** Method and path of all requests. */
  readonly seen: readonly string[];
  readonly authorizations: readonly (string | undefined)[];
  stop(): Promise<void>;
}

/** Starts a front. `answer` decides about each request; undefined passes it on to `target` as it is. */
export async function startFront(
  target: string,
  answer: (request: IncomingMessage) => Answer | undefined = () => undefined,
  tls?: { readonly cert: string; readonly key: string; readonly ca?: string },
): Promise<Front> {
  const seen: string[] = [];
  const authorizations: (string | undefined)[] = [];
  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    seen.push(`${request.method} ${request.url}`);
    authorizations.push(request.headers.authorization);
    const own = answer(request);
    if (own !== undefined && "status" in own) {
      request.resume();
      response.writeHead(own.status, own.headers).end(own.body);
    } else passOn(target, request, response, own?.without);
  };
  const server =
    tls === undefined
      ? createServer(serve)
      : createTlsServer({ ...tls, requestCert: tls.ca !== undefined, rejectUnauthorized: tls.ca !== undefined }, serve);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    seen,
    authorizations,
    async stop() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function passOn(target: string, request: IncomingMessage, response: ServerResponse, without: string | undefined): void {
  const headers = { ...request.headers };
  if (without !== undefined) delete headers[without];
  const onward = httpRequest(target + request.url, { method: request.method, headers }, (answered) => {
    response.writeHead(answered.statusCode ?? 500, answered.headers);
    answered.pipe(response);
  });
  onward.on("error", () => response.destroy());
  request.pipe(onward);
}
