import { expect } from "chai";
import type { SyncWindow } from "../../../src/api/sync-policy.js";
import { syncWindowsGate } from "../../../src/gates/sync-windows.js";
import { judgeWindows } from "../../../src/gates/windows.js";
import { app } from "../controllers/support/resources.js";
import { gateContext } from "./support/gate-context.js";

type Short = readonly [kind: "Allow" | "Deny", schedule: string, duration: string, timeZone?: string];

const read = ([kind, schedule, duration, timeZone]: Short): SyncWindow => ({
  ...{ kind, schedule, duration },
  ...(timeZone === undefined ? {} : { timeZone }),
});

/** `Open`, or the message. */
function at(time: string, ...windows: readonly Short[]): string {
  const state = judgeWindows(windows.map(read), Date.parse(time));
  return state.state === "Open" ? "Open" : `${state.state}: ${state.message}`;
}

const OFFICE: Short = ["Allow", "0 9 * * 1-5", "8h", "Europe/Berlin"];
const CLOSED = "Closed: no Allow window of sync.windows is active until";

describe("sync windows", () => {
  const cases: readonly (readonly [what: string, got: () => string, expected: string])[] = [
    ["permit everything if there are none", () => at("2026-11-30T12:00:00Z"), "Open"],
    ["permit syncs from the first instant of an Allow window", () => at("2026-11-30T08:00:00Z", OFFICE), "Open"],
    ["permit syncs up to its last instant", () => at("2026-11-30T15:59:59.999Z", OFFICE), "Open"],
    ["close at its end", () => at("2026-11-30T16:00:00Z", OFFICE), `${CLOSED} 2026-12-01T08:00:00Z`],
    ["close over the weekend", () => at("2026-11-28T12:00:00Z", OFFICE), `${CLOSED} 2026-11-30T08:00:00Z`],
    ["follow daylight saving time", () => at("2026-07-01T07:00:00Z", OFFICE), "Open"],
    [
      "start right after the hour that daylight saving time skips",
      () => at("2026-03-29T00:30:00Z", ["Allow", "30 2 * * *", "1h", "Europe/Berlin"]),
      `${CLOSED} 2026-03-29T01:00:00Z`,
    ],
    [
      "start once in the hour that daylight saving time repeats",
      () => at("2026-10-25T01:40:00Z", ["Allow", "30 2 * * *", "1h", "Europe/Berlin"]),
      `${CLOSED} 2026-10-26T01:30:00Z`,
    ],
    [
      "deny during a Deny window",
      () => at("2026-11-30T12:00:00Z", ["Deny", "0 0 * * *", "24h"], ["Deny", "0 0 1 12 *", "12h"]),
      "Closed: sync.windows[0] (Deny, 0 0 * * * UTC) permits no sync, and no later opening was found: check sync.windows",
    ],
    ["permit syncs outside a Deny window", () => at("2026-11-30T12:00:00Z", ["Deny", "0 13 * * *", "1h"]), "Open"],
    [
      "let Deny win over Allow, and name the end of both",
      () => at("2026-11-30T12:00:00Z", OFFICE, ["Deny", "30 11 * * *", "24h"]),
      "Closed: sync.windows[1] (Deny, 30 11 * * * UTC) permits no sync, and no later opening was found: check sync.windows",
    ],
    [
      "open when the Deny window within an Allow window ends",
      () => at("2026-11-30T12:00:00Z", OFFICE, ["Deny", "0 12 * * *", "90m"]),
      "Closed: sync.windows[1] (Deny, 0 12 * * * UTC) permits no sync until 2026-11-30T13:30:00Z",
    ],
    [
      "stay active while occurrences overlap",
      () => at("2026-11-30T12:00:00Z", ["Deny", "*/10 11 * * *", "30m"]),
      "Closed: sync.windows[0] (Deny, */10 11 * * * UTC) permits no sync until 2026-11-30T12:20:00Z",
    ],
    [
      "are invalid with a value out of range",
      () => at("2026-11-30T12:00:00Z", OFFICE, ["Deny", "61 * * * *", "1h"]),
      'Invalid: sync.windows[1].schedule "61 * * * *" is not a cron schedule of 5 fields: Invalid value for minute: 61',
    ],
    [
      "are invalid with a schedule that never occurs",
      () => at("2026-11-30T12:00:00Z", ["Allow", "0 0 31 2 *", "1h"]),
      'Invalid: sync.windows[0].schedule "0 0 31 2 *" never occurs: correct it',
    ],
    [
      "are invalid in an unknown time zone",
      () => at("2026-11-30T12:00:00Z", ["Allow", "0 0 * * *", "1h", "Mars/Base"]),
      'Invalid: sync.windows[0].timeZone "Mars/Base" is not a time zone: use an IANA name such as Europe/Berlin',
    ],
  ];
  for (const [what, got, expected] of cases)
    it(what, () => {
      expect(got()).to.equal(expected);
    });

  it("are searched for an opening with bounded work", () => {
    const often = Array.from({ length: 10 }, (): Short => ["Deny", "* * * * *", "2m"]);
    expect(at("2026-11-30T12:00:00Z", ...often)).to.match(/no later opening was found/);
  });

  it("hold a Change before its first write only, and reject it if they are invalid", () => {
    const of = (schedule: string) =>
      app("shop/web", { spec: { sync: { windows: [{ kind: "Deny", schedule, duration: "1h" }] } } });
    const judge = (schedule: string, started: boolean) =>
      syncWindowsGate.judge(gateContext({ app: of(schedule), started }));
    expect(judge("0 12 * * *", false)).to.deep.include({ state: "Wait", until: Date.UTC(2026, 10, 30, 13) });
    expect(judge("0 12 * * *", true)).to.deep.equal({ state: "Pass" });
    expect(judge("0 25 * * *", false)).to.include({ state: "Fail" });
  });
});
