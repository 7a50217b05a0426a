// Runs alone: Chromium ends requests when a network interface comes or goes, as those of Docker do in other tests.
import { expect } from "chai";
import type { Page } from "playwright-core";
import { API_VERSION } from "../../../src/api/group.js";
import type { WholePlan } from "../../../src/api/rest/changes.js";
import type { EnvironmentList } from "../../../src/api/rest/environments.js";
import type { RawObject } from "../../../src/kube/object.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { hasChromium, TestBrowser } from "../../support/browser.js";
import { type Hands, WAYS_TO_WORK } from "../../support/hands.js";
import { KubeletLogs } from "../../support/kubelet-logs.js";
import { runOverseer } from "../../support/overseer-cli.js";
import { AS_DEPLOYER, UiInstallation } from "../../support/ui-installation.js";
import { nowhere } from "../../support/ui-scenario.js";
import { configMap, deployment } from "../../support/world.js";

const WAYS = WAYS_TO_WORK.map(({ name }) => name);
/** Returns the elements that are wider than the screen, if the page can be scrolled sideways. */
const TOO_WIDE = `document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("body *")]
  .filter((element) => element.getBoundingClientRect().right > innerWidth)
  .map((element) => element.outerHTML.slice(0, 120))`;
/** Many apps are synced at once, on a machine that may be busy. */
const SLOW_MS = 240_000;
/** Apps of which each way has one of its own. */
const ROLES = ["approve", "reject", "promote", "back"] as const;

/** What people do, one after the other on one page, by each way to work a page. */
const FLOWS: Readonly<Record<string, (hands: Hands, way: string, flows: Flows) => Promise<void>>> = {
  "finds the degraded app and its cause": async (hands) => {
    const { page } = hands;
    await hands.goTo("apps");
    await hands.press(page.getByRole("button", { name: "1 Degraded" }));
    await hands.press(page.getByRole("link", { name: /^Degraded ill/ }));
    await page.getByRole("heading", { level: 1, name: "ill" }).waitFor();
    await page.locator(".app-head-sentence", { hasText: "Unschedulable" }).waitFor();
    await hands.press(page.getByRole("link", { name: "Objects" }));
    await page
      .locator(".tree-message", { hasText: /Unschedulable|FailedScheduling/ })
      .first()
      .waitFor();
  },

  "reads the logs of a pod that restarts": async (hands, way, { kubelet, restartPod }) => {
    const { page } = hands;
    kubelet.write("web", `listening for ${way}`);
    await hands.openApp("chatty");
    await hands.press(page.getByRole("link", { name: "Logs" }));
    await page.getByText(`listening for ${way}`).waitFor();
    kubelet.write("web", `panic for ${way}`);
    await page.getByText(`panic for ${way}`).waitFor();
    await restartPod();
    await page.getByText(/Waiting for a restart|Followed/).waitFor();
    kubelet.write("web", `started again for ${way}`);
    await page.getByText(`started again for ${way}`).waitFor();
    await hands.press(page.getByRole("checkbox", { name: "Before the last restart" }));
    await page.getByText("Complete").waitFor();
    await page.getByText(`panic for ${way}`).waitFor();
    expect(await page.getByText(`started again for ${way}`).count()).to.equal(0);
  },

  "reviews and approves a Change": async (hands, way, { installation }) => {
    const { page } = hands;
    await hands.goTo("changes");
    await hands.press(page.getByRole("link", { name: new RegExp(`\\bapprove-${way}-1\\b`) }));
    await page.getByText("It will create 1 object.").waitFor();
    await page.getByText("step: first", { exact: true }).waitFor();
    await hands.press(page.getByRole("checkbox", { name: /^Viewed/ }));
    await page.getByText("1 of 1 viewed").waitFor();
    await hands.press(page.getByRole("button", { name: "Approve: create 1 object" }));
    await hands.press(page.getByRole("dialog").getByRole("button", { name: "Approve: create 1 object" }));
    await page.getByText(`You approved approve-${way}-1`).waitFor();
    await installation.untilChange(`approve-${way}`, "Succeeded");
  },

  "rejects a Change with a comment": async (hands, way, { installation }) => {
    const { page } = hands;
    await hands.goTo("changes");
    await hands.press(page.getByRole("link", { name: new RegExp(`\\breject-${way}-1\\b`) }));
    await hands.press(page.getByRole("button", { name: "Reject", exact: true }));
    const dialog = page.getByRole("dialog");
    await dialog.getByText("Say why first").waitFor();
    await hands.type(dialog.getByRole("textbox", { name: /^Why/ }), `Not now, by ${way}`);
    await hands.press(dialog.getByRole("button", { name: "Reject: keep what is applied" }));
    await page.getByText(`You rejected reject-${way}-1`).waitFor();
    await installation.untilChange(`reject-${way}`, "Rejected");
    await page.getByText(`Not now, by ${way}`).first().waitFor();
  },

  "freezes an Environment and ends the freeze": async (hands, way, { environment: name, installation: { world } }) => {
    const { page } = hands;
    await hands.goTo("environments");
    await hands.press(page.getByRole("button", { name: `Freeze ${name}` }));
    const dialog = page.getByRole("dialog");
    await hands.type(dialog.getByRole("textbox", { name: /^Reason/ }), `stocktaking by ${way}`);
    await hands.press(dialog.getByRole("button", { name: "Apply no new revision" }));
    await page.getByText(`Frozen: stocktaking by ${way}`).waitFor();
    const stored = await world.kube.get({ apiVersion: API_VERSION, kind: "Environment", name });
    expect(stored?.spec).to.deep.include({ freeze: { reason: `stocktaking by ${way}` } });
    await hands.press(page.getByRole("button", { name: `Unfreeze ${name}` }));
    await page.getByText(`${name} is not frozen any more`).waitFor();
  },

  "promotes a tested commit": async (hands, way, { installation: { world }, production }) => {
    const { page } = hands;
    await hands.goTo("environments");
    const row = page.getByRole("row", { name: new RegExp(`^promote-${way}`) });
    await hands.press(row.getByRole("link").filter({ hasText: "can be promoted" }));
    await hands.press(page.getByRole("button", { name: /^Promote [0-9a-f]{7}…/ }));
    await hands.press(page.getByRole("dialog").getByRole("button", { name: /^Promote to [0-9a-f]{7}/ }));
    await page.getByRole("heading", { level: 1, name: new RegExp(`^promote-${way}-`) }).waitFor();
    const object = { ...world.configMap(`promote-${way}`), namespace: production };
    await world.kube.until(object, "the commit is promoted", ({ kind }) => kind === "ConfigMap", SLOW_MS);
  },

  "rolls back to an earlier Change": async (hands, way, { installation }) => {
    const { page } = hands;
    await hands.openApp(`back-${way}`);
    await hands.press(
      page.getByRole("navigation", { name: "Parts of the app" }).getByRole("link", { name: "Changes" }),
    );
    await hands.press(page.getByRole("button", { name: `Roll back to back-${way}-1` }));
    await hands.press(page.getByRole("dialog").getByRole("button", { name: /^Roll back to main/ }));
    await page.getByText(`Rollback of back-${way} to back-${way}-1 requested`).waitFor();
    await installation.untilApp(`back-${way}`, ({ row, status }) => row.pinned === true && status?.pin !== undefined);
    const { kube } = installation.world;
    // The pin is recorded before the objects are written.
    const isBack = (object: object): boolean => (object as { data?: { step?: string } }).data?.step === "first";
    await kube.until(installation.world.configMap(`back-${way}`), "the first step again", isBack, SLOW_MS);
  },

  "adds a repository": async (hands, way, { installation: { world }, url }) => {
    const { page } = hands;
    await hands.goTo("repositories");
    await hands.press(page.getByRole("button", { name: "Add a repository…" }));
    const dialog = page.getByRole("dialog");
    await hands.type(dialog.getByRole("textbox", { name: /^URL/ }), url);
    await hands.type(dialog.getByRole("textbox", { name: /^Namespace/ }), world.namespace);
    await hands.type(dialog.getByRole("textbox", { name: /^Name$/ }), `blog-${way}`);
    await hands.press(dialog.getByRole("button", { name: `Add blog-${way}` }));
    await page.getByRole("heading", { level: 1, name: `blog-${way}` }).waitFor();
    await page.locator(".state", { hasText: /^Ready$/ }).waitFor();
  },
};

/** What the flows use. */
interface Flows {
  readonly installation: UiInstallation;
  readonly kubelet: KubeletLogs;
  /** Restarts the container of the pod of `chatty`, which is on the node of the kubelet. */
  readonly restartPod: () => Promise<void>;
  /** Name of the Environment to which alice promotes, and its namespace. */
  readonly environment: string;
  readonly production: string;
  /** URL of a repository. */
  readonly url: string;
}

describe("What people do in the web UI", function () {
  this.timeout(600_000);
  let installation: UiInstallation;
  let browser: TestBrowser;
  let flows: Flows;
  let stop: () => Promise<void>;

  before(async function () {
    if (!hasChromium) this.skip();
    [installation, browser] = await Promise.all([UiInstallation.install("flows"), TestBrowser.start()]);
    const { world } = installation;
    const names = ROLES.flatMap((role) => WAYS.map((way) => `${role}-${way}`));
    const files = (step: string, of: readonly string[]) =>
      Object.fromEntries(of.map((name) => [`${name}/config.yaml`, configMap(name, { step })]));
    const repo = await world.repository(
      "shop",
      {
        ...files("first", names),
        "ill/deployment.yaml": nowhere(deployment("ill")),
        "chatty/deployment.yaml": nowhere(deployment("chatty")).replace(/ +initContainers: .*\n/, ""),
      },
      { allowedNamespaces: ["*"] },
    );
    for (const name of names) {
      const mode = /^(?:approve|reject)-/.test(name) ? "Manual" : "Automatic";
      await world.app(name, "shop", name, { ...AS_DEPLOYER, sync: { mode } });
    }
    for (const name of ["ill", "chatty"]) await world.app(name, "shop", name, AS_DEPLOYER);
    const synced = names.filter((name) => /^(?:promote|back)-/.test(name));
    await Promise.all(synced.map((name) => world.synced(name, undefined, SLOW_MS)));
    const commit = await repo.commit(
      files(
        "second",
        WAYS.map((way) => `back-${way}`),
      ),
      "second",
    );
    await world.poll("shop");
    await Promise.all(WAYS.map((way) => world.synced(`back-${way}`, commit, SLOW_MS)));
    const environments = await installation.twoEnvironments(WAYS.map((way) => `promote-${way}`));
    const kubelet = await KubeletLogs.start(world.controlPlane, world.kube, world.namespace);
    stop = async () => {
      await kubelet.stop();
      await world.kube.delete({ apiVersion: "v1", kind: "Node", name: kubelet.node });
      await environments.stop();
    };
    const restartPod = await runPod(installation, kubelet);
    await installation.untilApp("ill", ({ row }) => row.health === "Degraded");
    await installation.untilApp("chatty", ({ row }) => row.health === "Healthy");
    const alice = await installation.as("alice");
    const mayFreeze = ({ mayFreeze: may }: EnvironmentList): boolean => may === true;
    await alice.until<EnvironmentList>("/environments", "alice may freeze Environments", mayFreeze);
    flows = {
      ...{ installation, kubelet, restartPod },
      ...{ environment: environments.prod, production: environments.production, url: repo.url },
    };
  });
  after(async () => {
    await browser?.stop();
    await stop?.();
    await installation?.remove();
  });

  for (const { name: way, view, hands: handsOf } of WAYS_TO_WORK)
    describe(`by ${way}`, () => {
      let hands: Hands;

      before(async () => {
        hands = handsOf(await browser.open(await installation.addressFor("alice"), view));
        await hands.page.getByText("Live", { exact: true }).waitFor({ state: "attached" });
      });
      afterEach(async () => {
        browser.expectNoFaults();
        expect(await hands.page.evaluate(TOO_WIDE), "what makes the page scroll sideways").to.deep.equal([]);
      });
      after(() => browser?.closePages());

      for (const [what, flow] of Object.entries(FLOWS)) it(what, () => flow(hands, way, flows));
    });

  // Mocha runs these after the flows, since they have a suite of their own.
  describe("afterwards", () => {
    const open = async (user: string, path: string): Promise<Page> =>
      browser.open(await installation.addressFor(user, path));

    afterEach(async () => {
      await browser.closePages();
      browser.expectNoFaults();
    });

    it("shows the logs of that pod by command line as well, over the cluster and by --server", async () => {
      const { world, api } = installation;
      const ways: readonly NodeJS.ProcessEnv[] = [
        { KUBECONFIG: world.controlPlane.kubeconfigPath },
        { OVERSEER_SERVER: await api.api(), OVERSEER_TOKEN: world.controlPlane.tokens.alice },
      ];
      for (const env of ways) {
        const logs = (...flags: string[]) => runOverseer(["logs", "chatty", "-n", world.namespace, ...flags], { env });
        const now = await logs();
        expect([now.code, now.stderr]).to.deep.equal([0, ""]);
        expect(now.stdout).to.match(/^started again for phone$/m);
        const before = await logs("--previous", "--tail", "1");
        expect([before.code, before.stdout]).to.deep.equal([0, "panic for phone\n"]);
      }
    });

    it("shows a plan whole that its Change cannot show, and approves it by the hash for this user", async () => {
      const { world } = installation;
      const { kube, namespace } = world;
      const files = (letter: string) =>
        Object.fromEntries(
          Array.from({ length: 12 }, (_, at) => [
            `${at}.yaml`,
            configMap(`large-${at}`, { text: `${letter.repeat(60_000)} end of ${letter}${at}` }),
          ]),
        );
      const repo = await world.repository("large", files("x"));
      await world.app("large", "large", ".", AS_DEPLOYER);
      await world.synced("large");
      await kube.patch(world.appRef("large"), { spec: { sync: { mode: "Manual" } } });
      await repo.commit(files("y"), "other texts");
      await world.poll("large");
      const name = await installation.untilChange("large", "Waiting");
      const change = await kube.get<RawObject & { status?: { planHash?: string; planIncomplete?: string } }>(
        world.object(API_VERSION, "Change", name),
      );
      expect(change?.status?.planIncomplete).to.match(/^not shown: /);
      const hashFor = async (user: string): Promise<string> =>
        (await (await installation.as(user)).get<WholePlan>(`/changes/${namespace}/${name}/plan`)).planHash;
      const [alices, carols] = [await hashFor("alice"), await hashFor("carol")];
      expect(new Set([alices, carols, change?.status?.planHash]).size).to.equal(3);

      const carol = await open("carol", `changes/${namespace}/${name}`);
      await carol.getByText("You may not approve it").waitFor();
      const page = await open("alice", `changes/${namespace}/${name}`);
      await page.getByText("0 of 12 objects viewed").waitFor();
      expect(await page.locator("article .object-name").count()).to.equal(12);
      for (let at = 0; at < 12; at++) {
        await page.getByText(`end of x${at}`, { exact: false }).first().waitFor();
        await page.getByText(`end of y${at}`, { exact: false }).first().waitFor();
      }
      expect(await page.getByText("not shown").count()).to.equal(0);
      await page.getByRole("button", { name: "Approve: change 12 objects" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByText(alices.slice(0, 12)).waitFor();
      await dialog.getByRole("button", { name: "Approve: change 12 objects" }).click();
      await page.getByText(`You approved ${name}`).waitFor();
      await installation.untilChange("large", "Succeeded");
      const approvals = await kube.list<RawObject & { spec: { change: { name: string }; planHash: string } }>(
        API_VERSION,
        "Approval",
        namespace,
      );
      const counted = approvals.filter(({ spec }) => spec.change.name === name).map(({ spec }) => spec.planHash);
      expect(counted).to.deep.equal([alices]);
    });

    it("reads one event stream for all tabs of a browser, which another tab goes on with", async () => {
      const first = await open("alice", "apps");
      const streams: string[] = [];
      const isLive = (tab: Page): Promise<void> => tab.getByText("Live", { exact: true }).waitFor();
      await isLive(first);
      first.context().on("request", (request) => {
        if (/\/events\?|\/events$/.test(request.url())) streams.push(request.url());
      });
      const others: Page[] = [];
      for (let count = 0; count < 5; count++) {
        const tab = await first.context().newPage();
        await tab.goto(await installation.addressFor("alice", "apps"));
        others.push(tab);
      }
      await Promise.all(others.map(isLive));
      expect(streams).to.deep.equal([]);
      await first.close();
      await waitUntil({ what: "another tab reads the events", timeoutMs: 60_000 }, () => streams.length > 0);
      const { world } = installation;
      await world.kube.patch(world.appRef("back-mouse"), { spec: { suspend: true } });
      for (const tab of others) await tab.getByRole("link", { name: /Suspended.* back-mouse/ }).waitFor();
      expect(streams).to.have.length(1);
    });
  });
});

/** Places the pod of `chatty` on the node of the kubelet. Returns the function that restarts its container, as a kubelet reports it. */
async function runPod({ world }: UiInstallation, kubelet: KubeletLogs): Promise<() => Promise<void>> {
  const { kube, namespace } = world;
  const ofChatty = ({ metadata }: RawObject): boolean => metadata.name.startsWith("chatty-");
  const pod = await waitUntil({ what: "the pod of chatty", timeoutMs: 60_000 }, async () => {
    const found = (await kube.list<RawObject>("v1", "Pod", namespace)).find(ofChatty);
    if (found === undefined) throw new Error("no pod");
    return found.metadata.name;
  });
  const path = `/api/v1/namespaces/${namespace}/pods/${pod}`;
  const target = { name: kubelet.node };
  const body = { apiVersion: "v1", kind: "Binding", metadata: { name: pod }, target };
  await kube.client.request({ method: "POST", path: `${path}/binding`, body });
  let restartCount = 0;
  return async () => {
    restartCount++;
    const container = { name: "web", image: "registry.example/web:1", imageID: "", ready: true, started: true };
    const status = { containerStatuses: [{ ...container, restartCount }] };
    const contentType = "application/merge-patch+json";
    await kube.client.request({ method: "PATCH", path: `${path}/status`, body: { status }, contentType });
    kubelet.restart("web");
  };
}
