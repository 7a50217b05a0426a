import { expect } from "chai";
import type { Environment } from "../../../src/api/environment.js";
import type { GitRepository } from "../../../src/api/git-repository.js";
import { type GateContext, MissingFactError } from "../../../src/gates/context.js";
import { environmentWindowsGate } from "../../../src/gates/environment-windows.js";
import type { Gate } from "../../../src/gates/gate.js";
import { judgeGates } from "../../../src/gates/judge.js";
import { repositoriesGate } from "../../../src/gates/repositories.js";
import { timeAfterOpen } from "../../../src/gates/windows.js";
import { repository } from "../controllers/support/resources.js";
import { FakeClock } from "../support/fake-clock.js";
import { environment } from "./support/environments.js";
import { gateContext, listerOf, NO_DECISIONS } from "./support/gate-context.js";

const HOUR = 3_600_000;
const inShop = (spec: Readonly<Record<string, unknown>>): Environment =>
  environment("prod", { namespaces: [{ name: "shop" }], ...spec });
const unlisted = {
  ...listerOf(),
  list: () => {
    throw new MissingFactError("the list of kind Environment is not complete yet");
  },
};

async function judged(gate: Gate, one: Environment, more: Partial<GateContext> = {}, url?: string): Promise<string> {
  const made = repository("shop/repo");
  const used: readonly GitRepository[] = url === undefined ? [] : [{ ...made, spec: { ...made.spec, url } }];
  const context = gateContext({ lister: listerOf([], used, {}, [one]), ...more });
  const [result] = await judgeGates([gate], context, new FakeClock());
  return `${result?.state.state}: ${result?.state.message}`;
}

describe("the gate environmentWindows", () => {
  const frozen = inShop({ freeze: { reason: "audit", until: "2026-11-30T13:00:00Z" } });

  it("holds Changes during a freeze, until it ends", async () => {
    expect(await judged(environmentWindowsGate, frozen)).to.equal(
      "Wait: Environment prod: frozen until 2026-11-30T13:00:00Z: audit",
    );
    const later = { now: Date.parse("2026-11-30T13:00:00Z") };
    expect(await judged(environmentWindowsGate, frozen, later)).to.equal("Pass: passed");
  });

  it("passes rollbacks, and what has begun, and break-glass with a note", async () => {
    expect(await judged(environmentWindowsGate, frozen, { cause: "Rollback" })).to.equal("Pass: passed");
    expect(await judged(environmentWindowsGate, frozen, { started: true })).to.equal("Pass: passed");
    const approvals = { ...NO_DECISIONS, brokenBy: "carol" };
    expect(await judged(environmentWindowsGate, frozen, { approvals })).to.contain("opened by carol by break-glass");
  });

  it("holds Changes outside of the windows, and while these cannot be read", async () => {
    const closed = inShop({ windows: [{ kind: "Allow", schedule: "0 14 * * *", duration: "1h" }] });
    expect(await judged(environmentWindowsGate, closed)).to.equal(
      "Wait: Environment prod: no Allow window of spec.windows is active until 2026-11-30T14:00:00Z",
    );
    const invalid = inShop({ windows: [{ kind: "Allow", schedule: "0 25 * * *", duration: "1h" }] });
    expect(await judged(environmentWindowsGate, invalid)).to.match(
      /^Wait: Environment prod: spec\.windows\[0\]\.schedule/,
    );
  });

  it("does not pass without the list of Environments", async () => {
    expect(await judged(environmentWindowsGate, frozen, { lister: unlisted })).to.match(/^Wait: cannot be evaluated/);
  });

  it("counts only the time in which windows are open, for approvals that expire", () => {
    const daily = [{ kind: "Allow", schedule: "0 12 * * *", duration: "1h" }] as const;
    const from = Date.UTC(2026, 10, 30, 12, 30);
    expect(timeAfterOpen([], from, HOUR)).to.equal(from + HOUR);
    expect(timeAfterOpen(daily, from, HOUR / 4)).to.equal(from + HOUR / 4);
    expect(timeAfterOpen(daily, from, HOUR)).to.equal(Date.UTC(2026, 11, 1, 12, 30));
  });
});

describe("the gate repositories", () => {
  const limited = inShop({ repositories: ["https://git.example.com/shop/*", "ssh://git@x/one.git"] });
  const cases: readonly (readonly [url: string, passes: boolean])[] = [
    ["https://git.example.com/shop/web.git", true],
    ["ssh://git@x/one.git", true],
    ["https://git.example.com/shopping/web.git", false],
    ["https://git.example.com/shop/../other/web.git", false],
    ["https://git.example.com/shop/%2e%2e/other.git", false],
    ["https://gitXexample.com/shop/web.git", false],
    ["https://evil.example.com/?https://git.example.com/shop/web.git", false],
  ];
  for (const [url, passes] of cases)
    it(`${passes ? "passes" : "holds"} ${url}`, async () => {
      const text = await judged(repositoriesGate, limited, {}, url);
      if (passes) expect(text).to.equal("Pass: passed");
      else expect(text).to.contain(`GitRepository shop/repo (${url}) is not in spec.repositories of Environment prod`);
    });

  it("holds what was read from an earlier URL of the GitRepository, and what is not known", async () => {
    const [url = ""] = cases.flatMap(([text, passes]) => (passes ? [text] : []));
    expect(await judged(repositoriesGate, limited, { repositoryIsCurrent: false }, url)).to.equal(
      "Wait: GitRepository shop/repo has not been read since its URL was changed",
    );
    expect(await judged(repositoriesGate, limited, { repositoryIsCurrent: undefined }, url)).to.match(
      /^Wait: cannot be evaluated/,
    );
  });

  it("holds remote bases and submodules of other repositories, and does not pass while they are not known", async () => {
    const [url = ""] = cases.flatMap(([text, passes]) => (passes ? [text] : []));
    const reads = (...urls: string[]) => ({
      relatedRepositories: async () =>
        urls.map((one) => ({ url: one, kind: "remote base", place: "k.yaml:3" }) as const),
    });
    expect(await judged(repositoriesGate, limited, reads("https://git.example.com/shop/base"), url)).to.equal(
      "Pass: passed",
    );
    const foreign = reads("https://git.example.com/shop/base", "https://git.example.com/shop/../evil");
    expect(await judged(repositoriesGate, limited, foreign, url)).to.equal(
      "Wait: the remote base https://git.example.com/shop/../evil, named at k.yaml:3, is not in spec.repositories of Environment prod",
    );
    const unknown = {
      relatedRepositories: async () => {
        throw new MissingFactError("which other repositories main reads");
      },
    };
    expect(await judged(repositoriesGate, limited, unknown, url)).to.match(/^Wait: cannot be evaluated/);
  });

  it("does not pass without the GitRepository, or the list of Environments", async () => {
    expect(await judged(repositoriesGate, limited)).to.match(/^Wait: cannot be evaluated/);
    expect(await judged(repositoriesGate, limited, { lister: unlisted })).to.match(/^Wait: cannot be evaluated/);
  });
});
