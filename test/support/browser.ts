import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { expect } from "chai";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

/** Debian's Chromium, unless `CHROMIUM` names another one. */
const PROGRAM = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Generous, since a machine may be busy; nothing waits this long when all is well. */
const TIMEOUT_MS = 60_000;
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** Rules of WCAG 2.2 AA, and what axe calls best practices. */
const AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Whether there is a Chromium; tests that need one are skipped otherwise. */
export const hasChromium = existsSync(PROGRAM);

/** How a page is shown. */
export interface View {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: "light" | "dark";
  /** Whether the screen is touched. */
  readonly touch?: boolean;
  /** Permits scripts of the test, such as axe, which the content security policy of the UI forbids. */
  readonly withoutPolicy?: boolean;
}

/** A real browser without a window. Everything that a page reports as an error is collected. */
export class TestBrowser {
  readonly #browser: Browser;
  readonly #contexts: BrowserContext[] = [];
  /** Errors of scripts, of the content security policy, and of the console, except of failed requests. */
  readonly faults: string[] = [];

  private constructor(browser: Browser) {
    this.#browser = browser;
  }

  static async start(): Promise<TestBrowser> {
    const args = ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"];
    return new TestBrowser(await chromium.launch({ executablePath: PROGRAM, args, timeout: TIMEOUT_MS }));
  }

  /** Opens a page in a browser profile of its own. */
  async open(
    url: string,
    { width = 1280, height = 800, theme = "light", touch = false, withoutPolicy = false }: View = {},
  ): Promise<Page> {
    const context = await this.#browser.newContext({
      viewport: { width, height },
      colorScheme: theme,
      bypassCSP: withoutPolicy,
      hasTouch: touch,
      reducedMotion: "reduce",
    });
    context.setDefaultTimeout(TIMEOUT_MS);
    this.#contexts.push(context);
    const page = await context.newPage();
    page.on("pageerror", (error) => this.faults.push(`${error.name}: ${error.message}\n${error.stack}`));
    page.on("console", (message) => {
      // axe writes to the console, too.
      if (message.type() === "error" && !withoutPolicy && !message.text().startsWith("Failed to load resource"))
        this.faults.push(message.text());
    });
    await page.goto(url);
    return page;
  }

  /** Fails if a page has reported an error. */
  expectNoFaults(): void {
    expect(this.faults).to.deep.equal([]);
  }

  /** Closes all pages. */
  async closePages(): Promise<void> {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()));
  }

  async stop(): Promise<void> {
    await this.#browser.close();
  }
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly help: string;
    readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
  }[];
}

/** Returns what axe finds in a page that was opened `withoutPolicy`. */
export async function axeFindings(page: Page): Promise<string[]> {
  if (!(await page.evaluate("typeof axe !== 'undefined'"))) await page.evaluate(AXE);
  // A button that is half below the bar has no target of 24 pixels.
  await page.evaluate("scrollTo(0, 0)");
  const options = JSON.stringify({ runOnly: { type: "tag", values: AXE_TAGS }, resultTypes: ["violations"] });
  const { violations } = (await page.evaluate(`axe.run(document, ${options})`)) as AxeResult;
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(
      ({ target, failureSummary }) => `${id} (${help}): ${target.join(" ")}: ${failureSummary.replaceAll("\n", " ")}`,
    ),
  );
}

/** Returns everything that a page keeps or shows: its document, its storages and its cookies. */
export async function everythingIn(page: Page): Promise<string> {
  const html = await page.content();
  const stored = (await page.evaluate(
    "JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie])",
  )) as string;
  return `${html}\n${stored}\n${JSON.stringify(await page.context().cookies())}`;
}
