import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { OverseerError } from "../../../src/base/errors.js";
import type { Reader } from "../../../src/cli/connection/connection.js";
import { follow } from "../../../src/cli/connection/follow.js";
import { KINDS } from "../../../src/cli/kinds.js";
import { ServerConnection } from "../../../src/cli/server/server-connection.js";
import { ServerHttp } from "../../../src/cli/server/server-http.js";
import { followable } from "../../../src/cli/verbs/logs/logs.js";
import type { RawObject } from "../../../src/kube/object.js";
import { rejection } from "../support/eventually.js";

describe("Logs that are followed on a server", () => {
  it("are as many as it permits, and the others are named", () => {
    const sources = ["a", "b", "c"].map((pod) => ({ namespace: "shop", pod, container: "main" }));
    expect(followable(sources, undefined)).to.deep.equal({ read: sources });
    expect(followable(sources, 3)).to.deep.equal({ read: sources });
    const { read, note } = followable(sources, 2);
    expect(read).to.deep.equal(sources.slice(0, 2));
    expect(note).to.match(/^not followed, since the server permits 2 logs at the same time: c\/main; choose with/);
  });
});

interface Answer {
  readonly status: number;
  readonly type?: string;
  readonly body?: unknown;
  readonly retryAfter?: string;
}

const PROBLEM = "application/problem+json";
const BUSY: Answer = {
  status: 503,
  type: PROBLEM,
  body: { code: "BUSY", detail: "too many streams" },
  retryAfter: "10",
};
const LIMITED: Answer = { status: 429, type: PROBLEM, body: { code: "RATE_LIMITED", detail: "wait" }, retryAfter: "3" };
const GATEWAY: Answer = { status: 502, type: "text/html", body: "<html>" };
const FORBIDDEN: Answer = { status: 403, type: PROBLEM, body: { code: "FORBIDDEN", detail: "no" } };
const list = (phase: string): Answer => ({
  status: 200,
  body: { metadata: { resourceVersion: "1" }, items: [{ metadata: { name: "c", uid: "u" }, status: { phase } }] },
});
/** A watch that ends at once. */
const ENDED: Answer = { status: 200, type: "application/x-ndjson", body: "" };

describe("Objects that commands follow on a server", () => {
  let answers: Answer[] = [];
  const server = createServer((_request, response) => {
    const { status, type = "application/json", body, retryAfter } = answers.shift() ?? FORBIDDEN;
    response.writeHead(status, {
      "content-type": type,
      ...(retryAfter === undefined ? {} : { "retry-after": retryAfter }),
    });
    response.end(typeof body === "string" ? body : JSON.stringify(body));
  });
  let reader: Reader & { close(): Promise<void> };
  before(async () => {
    await once(server.listen(0, "127.0.0.1"), "listening");
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    reader = new ServerConnection(new ServerHttp({ url, tokens: undefined, timeoutMs: 0 }), { namespace: "a", url });
  });
  after(async () => {
    await reader.close();
    server.close();
  });

  /** Follows until an error; returns the phases, the pauses and the error. */
  async function followed(...given: Answer[]) {
    answers = given;
    const phases: unknown[] = [];
    const pauses: number[] = [];
    const { signal } = new AbortController();
    const target = { kind: KINDS.change, name: "c" };
    const error = (await rejection(
      (async () => {
        const pause = async (ms: number): Promise<void> => void pauses.push(ms);
        for await (const object of follow<RawObject & { status?: { phase: string } }>(reader, target, signal, pause))
          phases.push(object?.status?.phase);
      })(),
    )) as OverseerError;
    return { phases, pauses, error };
  }

  it("are listed again while the server is busy, limits requests, or is replaced", async () => {
    const { phases, pauses, error } = await followed(
      ...[list("Planning"), BUSY, list("Applying"), BUSY],
      ...[LIMITED, GATEWAY, GATEWAY, list("Verifying"), ENDED, list("Succeeded"), FORBIDDEN],
    );
    expect(phases).to.deep.equal(["Planning", "Applying", "Verifying", "Succeeded"]);
    expect(pauses).to.deep.equal([10_000, 10_000, 3_000, 4_000, 8_000]);
    expect(error.code).to.equal("KUBE_403");
  });

  it("are not followed if the first list fails, and a proxy is not taken for another program", async () => {
    const { phases, pauses, error } = await followed(GATEWAY);
    expect([phases, pauses, error.code]).to.deep.equal([[], [], "KUBE_502"]);
    expect(error.message).to.match(/answers with status 502: a proxy before it cannot reach it/);
    const other = await followed({ status: 404, type: "text/html", body: "<html>" });
    expect(other.error.message).to.match(/is not the REST API of Overseer GitOps/);
  });
});
