import { expect } from "chai";
import { z } from "zod";
import type { AuditSink } from "../../../../src/audit/audit-trail.js";
import type { AuditEntry } from "../../../../src/audit/record.js";
import { systemClock } from "../../../../src/base/clock.js";
import { ProblemError } from "../../../../src/http/problem.js";
import { HttpServer } from "../../../../src/http/server.js";
import { invalidToken } from "../../../../src/server/rest/identity/token-reviews.js";
import { mountRest } from "../../../../src/server/rest/mount.js";
import { RateLimits } from "../../../../src/server/rest/rate-limits.js";
import { restRoute } from "../../../../src/server/rest/route.js";
import { eventually } from "../../support/eventually.js";
import { FakeClock } from "../../support/fake-clock.js";
import { FakeLogger } from "../../support/fake-logger.js";

const NAMES = z.object({ namespace: z.string().regex(/^[a-z]+$/), name: z.string().regex(/^[a-z]+$/) });

describe("The audit trail of the REST API", () => {
  let entries: AuditEntry[] = [];
  let isFull = false;
  let writes = 0;
  const clock = new FakeClock();
  const audit: AuditSink = {
    record: async (entry) => {
      if (isFull) throw new Error("the volume is full");
      entries.push(entry);
    },
  };
  const sync = restRoute({
    method: "POST",
    path: "/api/gitops/apps/:namespace/:name/sync",
    summary: "Writes something.",
    access: "user",
    params: NAMES,
    body: z.strictObject({ planHash: z.string().optional() }).optional(),
    responses: { 202: z.object({}) },
    handle: ({ params: { name } }) => {
      if (name === "denied") throw new ProblemError("FORBIDDEN", "no");
      writes++;
      return { status: 202, body: {} };
    },
  });
  const server = new HttpServer({
    ...{ host: "127.0.0.1", port: 0, addressFlags: "", clock: systemClock, logger: new FakeLogger() },
    trustedProxies: ["127.0.0.1"],
  });
  let url: string;
  before(async () => {
    const ann = { name: "ann", groups: [], signedInBy: "token", credential: { kind: "token", token: "t" } } as const;
    mountRest(server, [sync], {
      tokens: { authenticate: (token) => (token === "good" ? Promise.resolve(ann) : Promise.reject(invalidToken())) },
      sessions: undefined,
      limits: new RateLimits(clock),
      audit,
    });
    url = `http://127.0.0.1:${await server.start()}/api/gitops/apps`;
  });
  after(() => server.stop());
  beforeEach(() => {
    entries = [];
    isFull = false;
    writes = 0;
  });
  const send = async (path: string, body = "{}", token = "good", from = "198.51.100.7"): Promise<number> => {
    const headers = {
      ...{ authorization: `Bearer ${token}`, "content-type": "application/json", "x-forwarded-for": from },
    };
    return (await fetch(`${url}${path}`, { method: "POST", headers, body })).status;
  };
  const brief = (): unknown[] =>
    entries.map(({ actor, verb, object, outcome, details = {} }) => [
      ...[actor, verb, object.namespace, object.name, outcome],
      ...[details.from, details.status, details.reason],
    ]);

  it("records each write before and after it, with the user and the client address", async () => {
    expect(await send("/shop/web/sync", '{"planHash": "0123456789abcdef0123456789abcdef"}')).to.equal(202);
    expect(brief()).to.deep.equal([
      ["ann", "sync", "shop", "web", "Started", "198.51.100.7", undefined, undefined],
      ["ann", "sync", "shop", "web", "Succeeded", "198.51.100.7", 202, undefined],
    ]);
    expect(entries[0]?.details?.planHash).to.equal("0123456789abcdef0123456789abcdef");
  });

  it("records refused attempts, even without a valid credential, with names only", async () => {
    expect(await send("/shop/denied/sync")).to.equal(403);
    expect(await send("/shop/web/sync", "{}", "bad")).to.equal(401);
    expect(await send("/shop/%2e%2e%0aSECRET/sync")).to.equal(400);
    await eventually("five records", () => entries.length === 5);
    expect(brief().filter((entry) => (entry as string[])[4] !== "Started")).to.have.deep.members([
      ["ann", "sync", "shop", "denied", "Refused", "198.51.100.7", 403, "FORBIDDEN"],
      ["unauthenticated", "sync", "shop", "web", "Refused", "198.51.100.7", 401, "UNAUTHENTICATED"],
      ["ann", "sync", "shop", "", "Refused", "198.51.100.7", 400, "INVALID"],
    ]);
    expect(JSON.stringify(entries)).to.not.include("SECRET");
  });

  it("has few attempts without a credential, from however many addresses, and how many are suppressed", async () => {
    clock.advance(60_000);
    const from = (index: number): string => `203.0.113.${index}`;
    for (let index = 0; index < 25; index++)
      expect(await send("/shop/web/sync", "{}", "bad", from(index))).to.equal(401);
    expect(await send("/shop/web/sync")).to.equal(202);
    expect(entries.filter(({ actor }) => actor === "unauthenticated")).to.have.length(20);
    expect(entries.at(-1)).to.deep.include({ actor: "ann", outcome: "Succeeded" });
    clock.advance(60_000);
    await send("/shop/web/sync", "{}", "bad");
    expect(entries.at(-1)?.details).to.deep.include({ status: 401, suppressed: 5 });
    await send("/shop/web/sync", "{}", "bad");
    expect(entries.at(-1)?.details).to.not.have.property("suppressed");
  });

  it("holds up a write that it cannot record", async () => {
    isFull = true;
    expect(await send("/shop/web/sync")).to.equal(503);
    expect(writes).to.equal(0);
  });
});
