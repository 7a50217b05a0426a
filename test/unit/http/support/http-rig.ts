import { systemClock } from "../../../../src/base/clock.js";
import type { ServerLimits } from "../../../../src/http/fastify-instance.js";
import type { Route } from "../../../../src/http/route.js";
import { HttpServer, type MountOptions } from "../../../../src/http/server.js";
import { FakeLogger } from "../../support/fake-logger.js";

/** A server of this process, for the routes of one test. */
export class HttpRig {
  readonly logger = new FakeLogger();
  readonly server: HttpServer;
  url = "";

  private constructor(limits: Partial<ServerLimits>) {
    const address = { host: "127.0.0.1", port: 0, addressFlags: "--server-address" };
    this.server = new HttpServer({ ...address, limits, clock: systemClock, logger: this.logger });
  }

  static async start<Access, Caller>(
    routes: readonly Route<Access, Caller>[],
    options: Partial<MountOptions<Access, Caller>> & { readonly limits?: Partial<ServerLimits> } = {},
  ): Promise<HttpRig> {
    const rig = new HttpRig(options.limits ?? {});
    rig.server.mount(routes, { authorize: () => undefined as Caller, ...options });
    rig.url = `http://127.0.0.1:${await rig.server.start()}`;
    return rig;
  }

  /** Sends a request; returns status, headers and body, parsed if it is JSON. */
  async call(method: string, path: string, body?: string, headers: Record<string, string> = {}) {
    const response = await fetch(`${this.url}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    const json = /json/.test(response.headers.get("content-type") ?? "") && text !== "";
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
  }
}
