import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { nowhere } from "../../support/ui-scenario.js";
import { deployment } from "../../support/world.js";
import { APPS, makeApps } from "./canary-apps.js";
import { CanaryBench, newCanary } from "./canary-bench.js";
import { OUTPUTS, type OutputName, runCommands } from "./canary-outputs.js";
import { SOURCES, type Source } from "./canary-sources.js";

/** A value, the source that it came by, and where it may be. */
interface Planted {
  readonly source: string;
  readonly value: string;
  readonly shownBy: readonly OutputName[];
}

describe("The values of secrets of every source", function () {
  this.timeout(600_000);
  let bench: CanaryBench;
  const planted: Planted[] = [];
  /** `source: moments`, by output. */
  const found = new Map<OutputName, Map<string, Set<string>>>(OUTPUTS.map(({ name }) => [name, new Map()]));
  const last = new Map<OutputName, string>();

  /** Searches all outputs for all values. */
  const look = async (moment: string): Promise<void> => {
    for (const { name, read } of OUTPUTS) {
      const text = await read(bench);
      last.set(name, text);
      for (const { source, value } of planted)
        if (contains(text, value)) {
          const moments = found.get(name) as Map<string, Set<string>>;
          moments.set(source, (moments.get(source) ?? new Set()).add(moment));
        }
    }
  };
  const plant = (source: string, value: string, shownBy: readonly OutputName[] = []): void => {
    planted.push({ source, value, shownBy });
  };
  /** Gives each source another value, and commits. */
  const rotate = async (more: Readonly<Record<string, string | null>> = {}): Promise<Map<Source, string>> => {
    const values = new Map(SOURCES.map((source) => [source, newCanary()]));
    const files: Record<string, string | null> = { ...more };
    for (const [source, value] of values) {
      plant(source.name, value, source.shownBy);
      await source.outside?.(bench, value);
      Object.assign(files, await source.files?.(bench, value));
    }
    await bench.repository.commit(files, "rotate");
    await bench.parts.world.poll("all");
    return values;
  };
  const arrived = async (values: ReadonlyMap<Source, string>): Promise<void> => {
    for (const [source, value] of values)
      await waitUntil({ what: `${source.name} arrives`, timeoutMs: 60_000 }, async () => {
        const text = await source.live(bench);
        // Both destinations, if it goes to both.
        return text.split(value).length >= (source.live.toString().includes("onBoth") ? 3 : 2);
      });
  };

  before(async () => {
    bench = await CanaryBench.create();
    const { world, bao } = bench.parts;
    for (const value of bench.credentials) plant("keys and tokens", value);
    await bench.sopsKeys(false);
    const first = await rotate();
    await makeApps(bench);
    for (const app of ["cluster", "core"])
      await world.kube.until(world.appRef(app), "cannot be decrypted", ({ status }) =>
        /encrypted for|cannot be decrypted/.test(JSON.stringify(status)),
      );
    await look("with a wrong key");
    await bench.sopsKeys(true);
    for (const app of APPS) await world.synced(app);
    await arrived(first);
    await look("after the first sync");

    await bench.mode("Manual");
    const second = await rotate();
    for (const app of APPS) await world.untilCondition(app, "Waiting", "True");
    await runCommands(bench);
    await look("while plans wait");
    const { operator } = world;
    for (const [app, failpoint] of [
      ["vars", "app:after-first-write"],
      ["chart", "app:before-final-status"],
      ["cluster", "app:after-apply"],
      ["core", "core:after-app-write"],
    ] as const) {
      await operator.stop();
      await bench.mode("Automatic", [app]);
      await operator.start({ failpoint });
      await operator.ended().catch((error: unknown) => {
        throw new Error(`${app} does not reach ${failpoint}`, { cause: error });
      });
      await look(`after a crash at ${failpoint}`);
    }
    await operator.start({ failpoint: undefined });
    for (const app of APPS) await world.synced(app);
    await arrived(second);
    await look("after the second sync");

    const bad = (name: string, replicas: string): string =>
      deployment(name).replace("replicas: 1", `replicas: ${replicas}`);
    const refused = newCanary();
    plant("SOPS with age: other kinds", refused);
    const { sops, age } = bench.parts;
    await bench.repository.commit(
      {
        "vars/bad.yaml": bad("bad", "${PASSWORD}"),
        "cluster/bad.yaml": await sops.encrypt("bad.yaml", bad("bad", refused), [age]),
      },
      "refused",
    );
    await world.poll("all");
    for (const app of ["vars", "cluster"]) await world.untilCondition(app, "Ready", "False", "ApplyRefused");
    await look("when objects are refused");

    await bench.repository.commit(
      {
        "vars/bad.yaml": null,
        "cluster/bad.yaml": null,
        "vars/web.yaml": nowhere(deployment("vars").concat(VARIABLE)),
      },
      "never healthy",
    );
    await world.poll("all");
    await world.untilCondition("vars", "Healthy", "False");
    await world.synced("cluster");
    await look("when pods do not start");

    await world.kube.patch(world.appRef("cluster"), { spec: { sync: { selfHeal: false } } });
    const edited = newCanary();
    plant("edited by hand", edited);
    await world.kube.patch(world.object("v1", "Secret", "plain"), { stringData: { password: edited } });
    await world.kube.patch(world.configMap("settings"), { data: { token: edited } });
    await world.untilCondition("cluster", "Drifted", "True");
    await bao.halt();
    await world.untilCondition("core", "Ready", "False", "SecretStoreUnavailable");
    await runCommands(bench);
    await look("with drift, and while a store is down");
  });
  after(() => bench?.remove());

  it("are listed in the documentation, with what shows them", async () => {
    const page = await readFile(join(repositoryRoot(), "docs/secrets.md"), "utf8");
    for (const { name, shownBy } of SOURCES as readonly Source[])
      expect(page).to.include(`\n| ${name} | ${shownBy?.join("; ") ?? "none"} |\n`);
    for (const { name } of OUTPUTS) expect(page).to.include(`\n| ${name} | `);
  });

  for (const { name, proof } of OUTPUTS)
    it(`are not in: ${name}`, () => {
      const cells = found.get(name) as Map<string, Set<string>>;
      const permitted = new Set(planted.filter(({ shownBy }) => shownBy.includes(name)).map(({ source }) => source));
      const leaks = [...cells].filter(([source]) => !permitted.has(source));
      expect(leaks.map(([source, moments]) => `${source}: ${[...moments].join(", ")}`)).to.deep.equal([]);
      // What may be there is there: the search finds what it looks for.
      for (const source of permitted) expect([...cells.keys()]).to.include(source);
      expect(proof.test(last.get(name) ?? ""), `${name} was read`).to.equal(true);
    });
});

const VARIABLE = "          env: [{ name: URL, value: 'db://${PASSWORD}@db' }]\n";

/** Whether a text contains a value: plain, or in base64 at any position of a longer text. */
function contains(text: string, value: string): boolean {
  const shifted = [0, 1, 2].map((shift) => {
    const encoded = Buffer.from("x".repeat(shift) + value)
      .toString("base64")
      .replace(/=+$/, "");
    return encoded.slice(shift === 0 ? 0 : shift + 1, -1);
  });
  return [value, ...shifted].some((form) => text.includes(form));
}
