import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect } from "chai";
import type { AuditPage } from "../../../src/api/rest/audit.js";
import { fetchAudit } from "../../../src/cli/verbs/audit/fetch-audit.js";

/** Reads all pages of a server, by the `before` of each request. */
async function fetchAll(pages: Readonly<Record<string, AuditPage>>) {
  const asked: string[] = [];
  const gaps: string[] = [];
  const server = createServer((request, response) => {
    const before = new URL(request.url ?? "", "http://x").searchParams.get("before") ?? "";
    asked.push(before);
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(pages[before]));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    for await (const _ of fetchAudit(url, { token: "t" }, ({ name, unavailable }) => {
      if (unavailable !== undefined) gaps.push(`${name}: ${unavailable}`);
    }));
  } finally {
    server.closeAllConnections();
    server.close();
  }
  return { asked, gaps };
}

describe("pages of the audit trail", () => {
  const available = [{ name: "operator", stored: "files" }] as const;
  const unavailable = [{ name: "operator", unavailable: "no leader is known" }] as const;

  it("report a source that fails after the first page, once", async () => {
    const pages: Record<string, AuditPage> = {
      "": { items: [], next: "9-0/8-0", sources: [...available] },
      "9-0/8-0": { items: [], next: "9-0/7-0", sources: [...unavailable] },
      "9-0/7-0": { items: [], next: "9-0/-", sources: [...unavailable] },
      "9-0/-": { items: [], next: "9-0/-", sources: [...unavailable] },
    };
    expect(await fetchAll(pages)).to.deep.equal({
      asked: ["", "9-0/8-0", "9-0/7-0", "9-0/-"],
      gaps: ["operator: no leader is known"],
    });
  });

  it("end at one that continues at itself", async () => {
    const pages: Record<string, AuditPage> = {
      "": { items: [], next: "/-", sources: [...unavailable] },
      "/-": { items: [], next: "/-", sources: [...unavailable] },
    };
    expect((await fetchAll(pages)).asked).to.deep.equal(["", "/-"]);
  });
});
