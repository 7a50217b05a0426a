import { expect } from "chai";
import type { Page } from "playwright-core";
import type { AppEvents, AppObjects } from "../../../src/api/rest/objects.js";
import { hasChromium, TestBrowser, type View } from "../../support/browser.js";
import { UiScenario } from "../../support/ui-scenario.js";
import { removeInstallation } from "../install/restricted-operator.js";

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
    if (scenario) await removeInstallation(scenario.world);
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

  it("leads from the list to the degraded app and its cause, and back to the filter", async () => {
    const page = await open("alice", "apps");
    await page.getByRole("button", { name: "1 Degraded" }).click();
    await page.waitForURL(/\?q=health:degraded$/);
    await page.getByRole("status").filter({ hasText: "1 app" }).waitFor();
    await page.getByRole("link", { name: /^Degraded web/ }).click();
    await page.getByRole("heading", { level: 1, name: "web" }).waitFor();
    expect(await page.locator(".app-head-sentence").textContent()).to.include("Unschedulable");
    await page.getByRole("link", { name: "Objects" }).click();
    await page.getByText("FailedScheduling").or(page.getByText("Unschedulable").nth(1)).first().waitFor();
    await page
      .getByRole("link", { name: /^Logs of web-/ })
      .first()
      .waitFor();
    await page.goBack();
    await page.goBack();
    await page.getByRole("button", { name: "1 Degraded", pressed: true }).waitFor();
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
  });

  it("asks for a token, and says why one is refused", async () => {
    const page = await browser.open(`${await scenario.api.api()}/apps?q=web`);
    await page.getByLabel("Token").fill("not-a-token");
    await page.getByRole("button", { name: "Sign in with this token" }).click();
    await page.getByRole("alert").waitFor();
    await page.getByLabel("Token").fill(scenario.world.controlPlane.tokens.alice ?? "");
    await page.getByRole("button", { name: "Sign in with this token" }).click();
    await page.getByRole("link", { name: /^Degraded web/ }).waitFor();
    expect(new URL(page.url()).search).to.equal("?q=web");
  });
});

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
