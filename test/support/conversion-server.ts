import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { RawObject } from "../../src/kube/object.js";
import type { Certificates } from "./certificates.js";
import { ownPort } from "./own-port.js";

/** Converts an object to another apiVersion of its kind. */
export type Conversion = (object: RawObject, apiVersion: string) => RawObject;

interface ConversionReview {
  readonly request: { readonly uid: string; readonly desiredAPIVersion: string; readonly objects: RawObject[] };
}

/** A real conversion webhook over TLS on loopback. */
export class ConversionServer {
  readonly #server: Server;
  #port = 0;

  constructor(certificate: Certificates["server"], convert: Conversion) {
    this.#server = createServer(certificate, (request, response) => {
      answer(request, response, convert).catch(() => response.destroy());
    });
  }

  get port(): number {
    return this.#port;
  }

  /** Listens (again), on the same port. */
  async listen(): Promise<void> {
    this.#port ||= await ownPort();
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
  }

  /** Takes no more requests, until `listen`. */
  async refuse(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }
}

async function answer(request: IncomingMessage, response: ServerResponse, convert: Conversion): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const { request: asked } = JSON.parse(Buffer.concat(chunks).toString()) as ConversionReview;
  const convertedObjects = asked.objects.map((object) => convert(object, asked.desiredAPIVersion));
  response.setHeader("content-type", "application/json");
  response.end(
    JSON.stringify({
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "ConversionReview",
      response: { uid: asked.uid, result: { status: "Success" }, convertedObjects },
    }),
  );
}
