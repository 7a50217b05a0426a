// Runs alone: Chromium ends requests when a network interface comes or goes, as those of Docker do in other tests.
import { expect } from "chai";
import type { Page } from "playwright-core";
import { API_VERSION } from "../../../src/api/group.js";
import type { EnvironmentList } from "../../../src/api/rest/environments.js";
import type { AppEvents, AppObjects } from "../../../src/api/rest/objects.js";
import { waitUntil } from "../../../tools/wait-until.js";
import { axeFindings, everythingIn, hasChromium, TestBrowser, type View } from "../../support/browser.js";
import { KubeletLogs } from "../../support/kubelet-logs.js";
import { picture } from "../../support/picture.js";
import { UiScenario } from "../../support/ui-scenario.js";
import { startInstalledApi } from "../install/restricted-operator.js";

/** Pages without a picture: there is nothing on them. */
const EMPTY = /-(?:none|missing|hidden)$|^nowhere$/;
const PHONE: View = { width: 360, height: 740 };

describe("The web UI", function () {
  this.timeout(180_000);
  let scenario: UiScenario;
  let browser: TestBrowser;

  before(async function () {
    if (!hasChromium) this.skip();
    scenario = await UiScenario.create("ui");
    browser = await TestBrowser.start();
  });
  afterEach(async () => {
    await browser?.closePages();
    browser?.expectNoFaults();
  });
  after(async () => {
    await browser?.stop();
    await scenario?.remove();
  });

  const open = async (user: string, path: string, view?: View): Promise<Page> =>
    browser.open(await scenario.addressFor(user, path), view);

  it("gets live objects with their pods and Events from the API, as far as the user may list them", async () => {
    const { namespace } = scenario.world;
    const alice = await scenario.as("alice");
    const { items, hidden } = await alice.get<AppObjects>(`/apps/${namespace}/web/objects`);
    const web = items.find(({ kind }) => kind === "Deployment");
    expect(web?.health).to.equal("Degraded");
    expect(items.filter(({ parent }) => parent === web?.uid).map(({ kind }) => kind)).to.deep.equal([
      "Pod",
      "Pod",
      "Pod",
    ]);
    expect(hidden).to.equal(undefined);
    const events = await alice.until<AppEvents>(`/apps/${namespace}/web/events`, "Events about pods", (list) =>
      list.items.some(({ object, reason }) => object.startsWith("Pod ") && reason === "FailedScheduling"),
    );
    expect(events.items.some(({ object }) => object.startsWith("OverseerApp "))).to.equal(true);
    const carol = await scenario.as("carol");
    const seen = await carol.get<AppObjects>(`/apps/${namespace}/web/objects`);
    expect(seen.items).to.deep.equal([]);
    expect(seen.hidden).to.include.members(["Deployment", "Secret"]);
    expect((await carol.get<AppEvents>(`/apps/${namespace}/web/events`)).hidden).to.deep.equal([namespace]);
  });

  for (const theme of ["light", "dark"] as const)
    it(`is accessible and keeps secrets to itself on every page, in ${theme} colors`, async () => {
      const { namespace, canaries } = scenario.world;
      const page = await open("alice", "apps", { theme, withoutPolicy: true });
      const findings: string[] = [];
      for (const [path, name, text] of pagesIn(namespace)) {
        await goTo(page, path, text);
        findings.push(...(await axeFindings(page)).map((finding) => `${path}: ${finding}`));
        const everything = await everythingIn(page);
        for (const secret of [...canaries, scenario.world.controlPlane.tokens.alice ?? ""])
          expect(everything.includes(secret), `${path} holds a secret`).to.equal(false);
        if (!EMPTY.test(name)) await picture(page, name, [theme]);
      }
      await goTo(page, "repositories", "1 repository");
      for (const button of ["Add a repository…", /^alice/, /^Go to/]) {
        await page.getByRole("button", { name: button }).click();
        findings.push(...(await axeFindings(page)).map((finding) => `${button}: ${finding}`));
        if (String(button) === "/^alice/") await picture(page, "profile", [theme]);
        await page.keyboard.press("Escape");
      }
      await page.keyboard.press("Control+k");
      await page.keyboard.type("sear");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { level: 1, name: "search" }).waitFor();
      expect(findings).to.deep.equal([]);
    });

  it("fits on a screen of 360 pixels, page by page", async () => {
    const page = await open("alice", "apps", PHONE);
    for (const [path, name, text] of pagesIn(scenario.world.namespace)) {
      await goTo(page, path, text);
      const overflow = await page.evaluate("document.documentElement.scrollWidth - innerWidth");
      expect(overflow, `${path} can be scrolled sideways`).to.equal(0);
      if (name === "apps" || name === "change") await picture(page, `${name}-phone`);
    }
  });

  it("freezes an Environment, promotes a tested commit into it, and shows that the Change waits for the freeze", async () => {
    const { kube, namespace } = scenario.world;
    const { stop, production, prod } = await scenario.twoEnvironments(["docs"]);
    try {
      const alice = await scenario.as("alice");
      const mayFreeze = ({ mayFreeze: may }: EnvironmentList): boolean => may === true;
      await alice.until<EnvironmentList>("/environments", "alice may freeze Environments", mayFreeze);
      const page = await open("alice", "environments", { withoutPolicy: true });
      await page.getByRole("button", { name: `Freeze ${prod}` }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByText("the reason is missing").waitFor();
      await dialog.getByLabel("Reason").fill("stocktaking");
      expect(await axeFindings(page)).to.deep.equal([]);
      await dialog.getByRole("button", { name: "Apply no new revision" }).click();
      await page.getByText("Frozen: stocktaking").waitFor();
      const environment = await kube.get({ apiVersion: API_VERSION, kind: "Environment", name: prod });
      expect(environment?.spec).to.deep.include({ freeze: { reason: "stocktaking" } });
      const cell = page.getByRole("row", { name: /^docs/ }).getByText(/can be promoted/);
      await cell.waitFor();
      await page.getByRole("button", { name: "Dismiss" }).click();
      await picture(page, "environments");
      await cell.click();
      await page.getByRole("button", { name: /^Promote [0-9a-f]{7}…/ }).click();
      await page
        .getByRole("dialog")
        .getByRole("button", { name: /^Promote to/ })
        .click();
      await page.getByRole("heading", { level: 1, name: /^docs-/ }).waitFor();
      await page.getByText("stocktaking").first().waitFor();
      await goTo(page, "environments", "Frozen");
      await page.getByRole("button", { name: `Unfreeze ${prod}` }).click();
      await page.getByText(`${prod} is not frozen any more`).waitFor();
      const docs = { ...scenario.world.configMap("docs"), namespace: production };
      await kube.until(docs, "the commit is promoted", (object) => object.kind === "ConfigMap", 60_000);
      const carol = await open("carol", `apps/${namespace}/docs`);
      await carol.getByRole("heading", { name: "docs" }).waitFor();
      expect(await carol.getByRole("button", { name: /^Promote/ }).count()).to.equal(0);
    } finally {
      await stop();
    }
  });

  it("shows a board of Environments to those who may list them", async () => {
    const { kube, namespace } = scenario.world;
    const rbac = "rbac.authorization.k8s.io";
    await kube.apply({
      ...{ apiVersion: `${rbac}/v1`, kind: "ClusterRoleBinding", metadata: { name: namespace } },
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: "overseer-gitops-view" },
      subjects: [{ kind: "User", name: "alice", apiGroup: rbac }],
    });
    const environment = { apiVersion: API_VERSION, kind: "Environment", metadata: { name: namespace } };
    await kube.apply({ ...environment, spec: { namespaces: [{ name: namespace }] } });
    const alice = await scenario.as("alice");
    await alice.until<EnvironmentList>("/environments", "alice sees an Environment", ({ items }) => items.length === 1);
    const page = await open("alice", "environments", { withoutPolicy: true });
    await page
      .getByRole("columnheader", { name: new RegExp(namespace) })
      .getByText("takes every commit")
      .waitFor();
    await page.getByRole("row", { name: /^web Degraded main@/ }).waitFor();
    expect(await axeFindings(page)).to.deep.equal([]);
    await kube.delete({ apiVersion: API_VERSION, kind: "Environment", name: namespace });
    await kube.delete({ apiVersion: `${rbac}/v1`, kind: "ClusterRoleBinding", name: namespace });
  });

  it("leads from the list to the degraded app and its cause, and back to the filter", async () => {
    const page = await open("alice", "apps");
    await page.getByRole("button", { name: "2 Degraded" }).click();
    await page.waitForURL(/\?q=health:degraded$/);
    await page.getByRole("status").filter({ hasText: "2 apps" }).waitFor();
    await page.getByRole("link", { name: /^Degraded web/ }).click();
    await page.getByRole("heading", { level: 1, name: "web" }).waitFor();
    expect(await page.locator(".app-head-sentence").textContent()).to.include("Unschedulable");
    await page.getByRole("link", { name: "Objects" }).click();
    await page.getByText("FailedScheduling").or(page.getByText("Unschedulable").nth(1)).first().waitFor();
    await page.goBack();
    await page.goBack();
    await page.getByRole("button", { name: "2 Degraded", pressed: true }).waitFor();
    expect(new URL(page.url()).hash, "the token is not in the address").to.equal("");
  });

  it("shows deletions first, names them again before an approval, and applies what was approved", async () => {
    const page = await open("alice", "changes?view=waiting");
    await page.getByRole("link", { name: /cart-2/ }).click();
    await page.getByText("It will change 1 and delete 1 object.").waitFor();
    expect(await page.locator("article .object-name").allTextContents()).to.deep.equal([
      `ConfigMap ${scenario.world.namespace}/cart-old`,
      `ConfigMap ${scenario.world.namespace}/cart`,
    ]);
    expect(await page.locator(".diff-removed").first().textContent()).to.include("timeout = 30");
    await page.getByRole("button", { name: "Approve: change 1 and delete 1 object" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("cart-old").waitFor();
    await dialog.getByRole("button", { name: "Approve: change 1 and delete 1 object" }).click();
    await page.getByText("You approved cart-2").waitFor();
    await scenario.untilChange("cart", "Succeeded");
    await scenario.world.kube.untilGone(scenario.world.configMap("cart-old"));
  });

  it("takes a rejection with its reason by keyboard alone", async () => {
    const page = await open("alice", "apps");
    await page.getByRole("heading", { name: "Apps" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("c");
    await page.getByRole("heading", { name: "Changes" }).waitFor();
    await page.getByRole("link", { name: /stock-1/ }).waitFor();
    for (let row = 0; row < 5 && !(await focusedText(page)).includes("stock-1"); row++) await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "stock-1" }).waitFor();
    await page.getByRole("button", { name: "Reject" }).waitFor();
    await tabTo(page, /^Reject$/);
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    await tabTo(page, /^Why/);
    await page.keyboard.type("Not before the stocktaking");
    await page.keyboard.press("Control+Enter");
    await page.getByText("You rejected stock-1").waitFor();
    await scenario.untilChange("stock", "Rejected");
    await page.reload();
    const again = await open("carol", `changes/${scenario.world.namespace}/stock-1`);
    await again.getByText("Not before the stocktaking").first().waitFor();
  });

  it("tells the audit trail as sentences, by user, day and outcome, and every field of a record", async () => {
    const { namespace } = scenario.world;
    const page = await open("alice", "apps");
    await page.getByRole("heading", { name: "Apps" }).waitFor();
    await page.keyboard.press("g");
    await page.keyboard.press("u");
    await page.getByText("The operator synced app").first().waitFor();
    await page.getByRole("searchbox", { name: "User" }).fill("alice");
    await page.waitForURL(/user=alice/);
    await page.getByText("The operator synced app").first().waitFor({ state: "detached" });
    const rejected = page.getByRole("listitem").filter({ hasText: `alice rejected Change ${namespace}/stock-1` });
    await rejected.first().waitFor();
    await rejected.first().locator("summary").click();
    await rejected.first().getByText("planHash").waitFor();
    await page.getByRole("combobox", { name: "Outcome" }).selectOption("Failed");
    await page.getByText("No record matches the filter").waitFor();
    await page.goBack();
    await rejected.first().waitFor();
    const carol = await open("carol", "audit");
    await carol.getByText("You may not read the audit trail").waitFor();
  });

  it("shows the nodes of a Core with the services of an app, and the way to the app", async () => {
    const { namespace } = scenario.world;
    const page = await open("carol", "core");
    const node = page.getByRole("region", { name: "Node node-1" });
    await node.getByText("Online").waitFor();
    await node.getByText("postgres:17-alpine").waitFor();
    await node.getByText("smtp: cannot connect").waitFor();
    await node.getByRole("link", { name: `${namespace}/billing` }).click();
    await page.getByRole("heading", { level: 1, name: "billing" }).waitFor();
  });

  it("rolls back on a screen of 360 pixels", async () => {
    const { namespace } = scenario.world;
    const page = await open("alice", `apps/${namespace}/docs/changes`, PHONE);
    await page.getByRole("button", { name: "Roll back to docs-1" }).click();
    await page
      .getByRole("dialog")
      .getByRole("button", { name: /^Roll back to main/ })
      .click();
    await page.getByText("Rollback of docs to docs-1 requested").waitFor();
    await scenario.untilApp("docs", ({ row, status }) => row.pinned === true && status?.pin?.requester === "alice");
    const wide = await page.evaluate("document.documentElement.scrollWidth > innerWidth");
    expect(wide, "the page can be scrolled sideways").to.equal(false);
  });

  it("adds a repository, and says at the field what is wrong", async () => {
    const page = await open("alice", "repositories");
    await page.getByText("Live", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Add a repository…" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("URL").fill("ftp://git.example.com/team/Blog.git");
    await dialog.getByLabel("Namespace").fill(scenario.world.namespace);
    await dialog.getByRole("button", { name: "Add blog" }).click();
    await dialog.locator(".field-error").filter({ hasText: "url must begin with https://" }).waitFor();
    await dialog.getByLabel("URL").fill(scenario.repo.url);
    await dialog.getByLabel("Name", { exact: true }).fill("blog");
    await dialog.getByRole("button", { name: "Add blog" }).click();
    await page.getByRole("heading", { name: "blog" }).waitFor();
    await page.locator(".state", { hasText: /^Ready$/ }).waitFor();
  });

  it("shows what a user may not do as words, not as buttons that fail", async () => {
    const page = await open("carol", `apps/${scenario.world.namespace}/web`);
    await page.getByRole("heading", { name: "What needs you" }).waitFor();
    expect(await page.getByRole("button", { name: "Sync…" }).count()).to.equal(0);
    await page.getByRole("link", { name: "Objects" }).click();
    await page.getByText("You may not list: Deployment, Secret").waitFor();
    await page.getByRole("link", { name: "Logs" }).click();
    await page.getByText("No pod yet").or(page.getByText("You may not list pods")).waitFor();
  });

  it("acts on several apps at once, says why one failed, and offers nothing without the right", async () => {
    const { kube, namespace } = scenario.world;
    const retired = { apiVersion: API_VERSION, kind: "OverseerApp", name: "retired", namespace };
    await kube.apply({
      ...{ apiVersion: API_VERSION, kind: "OverseerApp", metadata: { name: "retired", namespace } },
      spec: {
        suspend: true,
        source: { repositoryRef: { name: "shop" }, path: "docs" },
        destination: { kubernetes: {} },
      },
    });
    const page = await open("alice", "apps?sort=name", { ...PHONE, withoutPolicy: true });
    await page.getByRole("link", { name: /retired/ }).waitFor();
    await page.getByRole("checkbox", { name: `Select ${namespace}/docs` }).check();
    for (const key of ["j", "X", "j", "x"]) await page.keyboard.press(key);
    const bar = page.getByRole("region", { name: "Selected apps" });
    await bar.getByText("3 apps selected").waitFor();
    for (const name of ["Sync 2 apps…", "Suspend 2 apps…", "Resume 1 app…"])
      await bar.getByRole("button", { name }).waitFor();
    expect(await axeFindings(page)).to.deep.equal([]);
    expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).to.equal(0);
    await picture(page, "apps-selected-phone");
    await bar.getByRole("button", { name: "Refresh 3 apps…" }).click();
    await kube.delete(retired);
    await kube.untilGone(retired);
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Refresh 3 apps" }).click();
    await dialog.getByText("2 of 3 apps done, 1 failed").waitFor();
    expect(await dialog.getByRole("listitem").filter({ hasText: "Failed" }).textContent()).to.match(
      /retired.*not found/,
    );
    expect(await axeFindings(page)).to.deep.equal([]);
    await page.keyboard.press("Escape");
    await bar.getByText("1 app selected").waitFor();
    await page.keyboard.press("Escape");
    await bar.waitFor({ state: "detached" });
    await page.getByRole("checkbox", { name: `Select ${namespace}/docs` }).check();
    await bar.getByRole("button", { name: "Sync 1 app…" }).click();
    await dialog.getByRole("button", { name: "Sync 1 app" }).click();
    const change = await dialog.getByRole("link", { name: /^sync requested: docs-/ }).textContent();
    await kube.until(
      { apiVersion: API_VERSION, kind: "Change", name: change?.split(" ").at(-1) ?? "", namespace },
      "the Change of the sync",
      (found) => found.kind === "Change",
      60_000,
    );
    const carol = await open("carol", "apps");
    await carol.getByRole("checkbox", { name: `Select ${namespace}/docs` }).check();
    await carol.getByText("1 app selected").waitFor();
    await carol.getByRole("button", { name: "Sync 1 app…" }).waitFor({ state: "detached" });
    expect(await carol.getByRole("region", { name: "Selected apps" }).getByRole("button").count()).to.equal(1);
  });

  it("follows the logs of the containers of a pod, merged, also after their end, and lets a reader scroll up", async () => {
    const { kube, controlPlane, namespace } = scenario.world;
    const kubelet = await KubeletLogs.start(controlPlane, kube, namespace);
    try {
      const alice = await scenario.as("alice");
      const { items } = await alice.get<AppObjects>(`/apps/${namespace}/web/objects`);
      const pod = items.find(({ kind }) => kind === "Pod")?.name ?? "";
      await kube.client.request({
        method: "POST",
        path: `/api/v1/namespaces/${namespace}/pods/${pod}/binding`,
        body: { apiVersion: "v1", kind: "Binding", metadata: { name: pod }, target: { name: kubelet.node } },
      });
      kubelet.write("setup", "tables created");
      kubelet.write("web", ...Array.from({ length: 300 }, (_, index) => `request ${index} \u001b[31mserved\u001b[0m`));
      const page = await open("alice", `apps/${namespace}/web/logs?pod=${pod}`, { withoutPolicy: true });
      await page.getByText("request 299 served").waitFor();
      await page.getByText("setup tables created").waitFor();
      const log = page.getByRole("log");
      // Lines that are drawn in the same moment move the log back to its end.
      await waitUntil({ what: "the reader has scrolled up", timeoutMs: 60_000 }, async () => {
        await log.press("Home");
        return page.getByRole("button", { name: "To the end" }).isVisible();
      });
      kubelet.write("web", "one more");
      await page.getByRole("button", { name: "1 new line" }).waitFor();
      kubelet.disconnect();
      await page.getByText("The log has ended. Waiting for a restart.").waitFor();
      kubelet.write("web", "after the restart");
      await page.getByRole("button", { name: "2 new lines" }).click();
      await page.getByText("after the restart").waitFor();
      expect(await page.getByText("request 299 served").count()).to.equal(1);
      const requests = kubelet.requests.filter(({ pathname }) => pathname.endsWith("/web"));
      expect(requests.at(-1)?.searchParams.get("sinceTime")).to.be.a("string");
      expect(await log.locator(".log-line").first().textContent(), "the earliest line").to.equal(
        "setup tables created",
      );
      await page.getByRole("searchbox", { name: "Only lines with this text" }).fill("RESTART");
      await page.getByText("one more").waitFor({ state: "detached" });
      expect(await axeFindings(page)).to.deep.equal([]);
      await page.getByRole("searchbox").fill("");
      await page.getByRole("searchbox").blur();
      await picture(page, "app-logs");
      await page.getByLabel("Container").selectOption("setup");
      await page.getByText("after the restart").waitFor({ state: "detached" });
      await page.getByText("tables created", { exact: true }).waitFor();
    } finally {
      await kubelet.stop();
      await kube.delete({ apiVersion: "v1", kind: "Node", name: kubelet.node });
    }
  });

  it("works below a path prefix: pages, the API and the event stream", async () => {
    const { world } = scenario;
    const api = await startInstalledApi(world, ["--public-url=http://127.0.0.1/gitops"]);
    try {
      const page = await browser.open(`${await api.api()}/gitops#token=${world.controlPlane.tokens.alice}`);
      const asked: string[] = [];
      page.on("request", (request) => asked.push(new URL(request.url()).pathname));
      await page.getByText("Live", { exact: true }).waitFor();
      await page.getByRole("link", { name: /^Degraded web/ }).click();
      await page.getByRole("heading", { level: 1, name: "web" }).waitFor();
      expect(new URL(page.url()).pathname).to.equal(`/gitops/apps/${world.namespace}/web`);
      await page.goBack();
      await page.getByRole("heading", { level: 1, name: "Apps" }).waitFor();
      expect(asked.filter((path) => !path.startsWith("/gitops/"))).to.deep.equal([]);
    } finally {
      await api.remove();
    }
  });

  it("loads a part again that could not be loaded, and says so if that does not help", async () => {
    const page = await open("alice", "apps");
    await page.getByRole("link", { name: /^Degraded web/ }).waitFor();
    let failures = 1;
    await page.route(/\/assets\/.*\.js$/, (route) =>
      failures-- > 0 ? route.abort("internetdisconnected") : route.continue(),
    );
    await page.getByRole("link", { name: "Repositories" }).click();
    await page.getByRole("heading", { name: "Repositories" }).waitFor();
    failures = 100;
    await page.getByRole("link", { name: "Audit" }).click();
    await page.getByText("A part of the UI could not be loaded").waitFor();
    await page.getByText("sign in with your token").waitFor();
    failures = 0;
    await page.getByRole("button", { name: "Load the UI again" }).click();
    await page.getByLabel("Token").waitFor();
    expect(await page.locator("body").textContent()).not.to.include("Loading");
  });

  it("asks for a token, and says why one is refused", async () => {
    const page = await browser.open(`${await scenario.api.api()}/apps?q=web`);
    await page.getByLabel("Token").waitFor();
    await picture(page, "sign-in");
    await page.getByLabel("Token").fill("not-a-token");
    await page.getByRole("button", { name: "Sign in with this token" }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Token").fill(scenario.world.controlPlane.tokens.alice ?? "");
    await page.getByRole("button", { name: "Sign in with this token" }).click();
    await page.getByRole("link", { name: /^Degraded web/ }).waitFor();
    expect(new URL(page.url()).search).to.equal("?q=web");
  });
});

/** Address and name of each page and state, and a text that shows that it is loaded. */
function pagesIn(namespace: string): readonly (readonly [path: string, name: string, text: string])[] {
  return [
    ["apps", "apps", "6 apps"],
    ["apps?q=nowhere", "apps-none", "No app matches the filter"],
    [`apps/${namespace}/web`, "app", "What needs you"],
    [`apps/${namespace}/web/tree`, "app-objects", "3 pods"],
    [`apps/${namespace}/search/drift`, "app-drift", "What happens next"],
    [`apps/${namespace}/docs/changes`, "app-changes", "docs-1"],
    [`apps/${namespace}/docs/events`, "app-events", "Synced"],
    [`apps/${namespace}/docs/config`, "app-config", "repositoryRef"],
    [`apps/${namespace}/missing`, "app-missing", "Not found"],
    ["changes?view=waiting", "changes", "cart-2"],
    [`changes/${namespace}/cart-2`, "change", "cart-old"],
    [`changes/${namespace}/cart-2?mode=split`, "change-split", "timeout"],
    [`changes/${namespace}/web-1`, "change-new", "<redacted>"],
    ["environments", "environments-hidden", "You may not list Environments"],
    ["repositories", "repositories", "1 repository"],
    [`repositories/${namespace}/shop`, "repository", "Webhook"],
    ["core", "core", "cannot connect to mail"],
    ["audit", "audit", "synced app"],
    ["audit?user=nobody", "audit-none", "No record matches the filter"],
    ["nowhere", "nowhere", "There is no page at this address"],
  ];
}

/** Goes to a page as a link would, and waits until it shows a text. */
async function goTo(page: Page, path: string, text: string): Promise<void> {
  await page.locator("h1").waitFor();
  await page.evaluate(`history.pushState(null, "", "/${path}"); dispatchEvent(new PopStateEvent("popstate"))`);
  await page.locator("#main").getByText(text).first().waitFor();
  await page.locator(".skeleton").waitFor({ state: "detached" });
}

/** The text of what has the focus. */
async function focusedText(page: Page): Promise<string> {
  return (await page.evaluate(
    "document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent ?? ''",
  )) as string;
}

/** Presses Tab until something with this name has the focus. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  for (let step = 0; step < 60; step++) {
    await page.keyboard.press("Tab");
    if (name.test((await focusedText(page)).trim())) return;
  }
  throw new Error(`nothing that Tab reaches is named ${name}`);
}
