import { expect } from "chai";
import type { AuditPart, AuditRecordView } from "../../../../src/api/rest/audit.js";
import { mergeAudit, readCursors } from "../../../../src/server/rest/audit-page.js";

const record = (second: number): AuditRecordView => ({
  ...{ chain: "c", number: second, time: `2027-01-01T00:00:${String(second).padStart(2, "0")}.000Z`, actor: "ann" },
  ...{ verb: "sync", object: { kind: "OverseerApp", name: "web" }, outcome: "Succeeded", previous: "", hash: "" },
});
const part = (seconds: readonly number[], rest: Partial<AuditPart> = {}): AuditPart => ({
  hits: seconds.map((second) => ({ record: record(second), cursor: `${second}-0` })),
  ...{ stored: "files", damaged: 0, ...rest },
});

describe("A page of the audit trail", () => {
  it("has the records of all processes by time, and continues each where it was left", () => {
    const page = mergeAudit(
      [
        { name: "operator", part: part([9, 5, 2]), before: undefined },
        { name: "api", part: part([8, 7, 1]), before: undefined },
      ],
      3,
    );
    expect(page.items.map(({ number }) => number)).to.deep.equal([9, 8, 7]);
    expect(page.next).to.equal("9-0/7-0");
    expect(readCursors(page.next)).to.deep.equal({ operator: "9-0", api: "7-0" });
  });

  it("shows nothing that is older than what another process has searched", () => {
    const searched = { next: "6-0", reached: record(6).time };
    const page = mergeAudit(
      [
        { name: "operator", part: part([], searched), before: undefined },
        { name: "api", part: part([8, 3]), before: undefined },
      ],
      10,
    );
    expect(page.items.map(({ number }) => number)).to.deep.equal([8]);
    expect(page).to.deep.include({ next: "6-0/8-0", searchedTo: record(6).time });
  });

  it("keeps the order of each process, whose times may be of several clocks, and loses none", () => {
    // A new leader whose clock is behind has made 11 and 12.
    const hit = (number: number, second: number) => ({ record: { ...record(second), number }, cursor: `${number}-0` });
    const all = [hit(12, 3), hit(11, 2), hit(10, 6), hit(9, 1)];
    const from = (before: string | undefined): AuditPart => {
      const hits = all
        .filter(({ cursor }) => before === undefined || before === "" || parseInt(cursor, 10) < parseInt(before, 10))
        .slice(0, 3);
      const last = hits.at(-1);
      return { hits, stored: "files", damaged: 0, ...(last && { next: last.cursor, reached: last.record.time }) };
    };
    const numbers: number[] = [];
    let before: string | undefined;
    do {
      const { operator } = readCursors(before);
      const page = mergeAudit([{ name: "operator", part: from(operator), before: operator }], 3);
      numbers.push(...page.items.map(({ number }) => number));
      expect(page.next).to.not.equal(before);
      before = page.next;
    } while (before !== undefined);
    expect(numbers).to.deep.equal([12, 11, 10, 9]);
  });

  it("continues a process that cannot be asked where it was", () => {
    const page = mergeAudit(
      [
        { name: "operator", unavailable: "no leader is known", before: "7-0" },
        { name: "api", part: part([1]), before: undefined },
      ],
      10,
    );
    expect(page.next).to.equal("7-0/-");
    expect(readCursors("/-")).to.deep.equal({ operator: undefined, api: "end" });
  });

  it("ends when every process is at its end, and says what is missing", () => {
    const page = mergeAudit(
      [
        { name: "operator", part: part([], { damaged: 1 }), before: undefined },
        { name: "api", part: part([1], { stored: "memory", begins: record(0).time, damaged: 2 }), before: undefined },
      ],
      10,
    );
    expect(page.next).to.equal(undefined);
    expect(page.sources).to.deep.equal([
      { name: "operator", stored: "files", damaged: 1 },
      { name: "api", stored: "memory", begins: record(0).time, damaged: 2 },
    ]);
    expect(readCursors("-/4-0")).to.deep.equal({ operator: "end", api: "4-0" });
    expect(readCursors(undefined)).to.deep.equal({ operator: undefined, api: undefined });
  });
});
