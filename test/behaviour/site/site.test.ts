import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect } from "chai";
import { repositoryRoot } from "../../../tools/repository-root.js";
import { buildSite } from "../../../tools/site/build-site.js";
import { hasChromium, TestBrowser } from "../../support/browser.js";

describe("The documentation in a browser", function () {
  this.timeout(120_000);
  let browser: TestBrowser;
  let output: string;
  before(async function () {
    if (!hasChromium) this.skip();
    output = mkdtempSync(join(tmpdir(), "overseer-site-"));
    buildSite(repositoryRoot(), output);
    browser = await TestBrowser.start();
  });
  after(async () => {
    await browser?.stop();
    if (output !== undefined) rmSync(output, { recursive: true, force: true });
  });
  const url = (page: string): string => pathToFileURL(join(output, page)).href;

  it("fits on a phone with every page, without a request to elsewhere", async () => {
    const page = await browser.open(url("index.html"), { width: 360, height: 740 });
    const requests: string[] = [];
    page.on("request", (request) => void requests.push(request.url()));
    const pages = readdirSync(output, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".html"));
    expect(pages.length).to.be.above(100);
    const wide: string[] = [];
    for (const path of pages.sort()) {
      await page.goto(url(path));
      const width = await page.evaluate<number>("document.documentElement.scrollWidth");
      if (width > 360) wide.push(`${path}: ${width}`);
    }
    expect(wide).to.deep.equal([]);
    expect(requests.filter((request) => !request.startsWith("file:"))).to.deep.equal([]);
    browser.expectNoFaults();
  });

  it("is searched without a service, and leads to the heading", async () => {
    const page = await browser.open(url("cli/look.html"));
    await page.fill("#search", "take-over");
    const link = page.locator("#found a", { hasText: "overseer take-over" });
    await link.first().click();
    await page.waitForURL(/cli\/migrate\.html#overseer-take-over$/);
    expect(await page.locator("h2#overseer-take-over").isVisible()).to.equal(true);
    await page.fill("#search", "overseer");
    await page.waitForSelector("#found", { state: "visible" });
    await page.fill("#search", "qxqzq");
    await page.waitForSelector("#found", { state: "hidden" });
    browser.expectNoFaults();
  });
});
