import type { CDPSession, Page } from "playwright-core";
import { TestBrowser } from "../../test/support/browser.js";
import { significant } from "../statistics.js";
import { formatTable } from "../table.js";
import { FleetServer } from "./fleet-server.js";
import { type Scrolled, scrollThrough } from "./scroll.js";

const APPS = Number(process.argv[2] ?? 10_000);
/** Changes of apps in 30 minutes of a cluster in which five apps change each second. */
const EVENTS = Number(process.argv[3] ?? 9_000);
/** Events a second of the run, in which the 30 minutes are compressed. */
const RATE = 150;
const PARTS = 4;
const STEP_MS = 100;

/** `node build/bench/ui/run.js [APPS] [EVENTS]`: the list of many apps in Chromium: first rows, scrolling, memory, events. */
async function main(): Promise<void> {
  const { fleet, url } = await FleetServer.start(APPS);
  const browser = await TestBrowser.start();
  try {
    const began = performance.now();
    const page = await browser.open(`${url}/apps#token=t`);
    await page
      .getByRole("link", { name: /^Degraded web-/ })
      .first()
      .waitFor();
    const firstRows = performance.now() - began;
    await page.getByText("Live", { exact: true }).waitFor();
    const session = await page.context().newCDPSession(page);
    const memory = [["first rows", ...(await measure(page, session))]];
    const scrolled = (await page.evaluate(scrollThrough)) as Scrolled;
    memory.push(["scrolled through all apps", ...(await measure(page, session))]);
    await page.evaluate("scrollTo(0, 0)");
    for (let part = 1; part <= PARTS; part++) {
      await changeSlowly(fleet, EVENTS / PARTS);
      const title = `${significant((30 / PARTS) * part)} min of events`;
      memory.push([title, ...(await measure(page, session))]);
    }
    await page.evaluate("scrollTo(0, document.documentElement.scrollHeight / 2)");
    for (let part = 1; part <= PARTS; part++) {
      await changeSlowly(fleet, EVENTS / PARTS);
      const title = `${significant((30 / PARTS) * part)} min more, in the middle of the list`;
      memory.push([title, ...(await measure(page, session))]);
    }
    console.log(formatTable(["after", "heap MB", "elements", "rows", "nodes of Chromium"], memory));
    console.log(
      `\n${APPS} apps; first rows after ${significant(firstRows)} ms; ${scrolled.frames} frames of scrolling, ` +
        `${scrolled.placeholders} with a row that was being loaded, ${scrolled.blank} blank; ` +
        `at most ${scrolled.mostElements} elements and ${scrolled.mostRows} rows in the document; ` +
        `${2 * EVENTS} events at ${RATE} a second`,
    );
    browser.expectNoFaults();
  } finally {
    await browser.stop();
    await fleet.stop();
  }
}

/** Returns the heap after a collection, the elements and rows of the document, and all nodes that Chromium keeps. */
async function measure(page: Page, session: CDPSession): Promise<string[]> {
  await session.send("Performance.enable");
  await session.send("HeapProfiler.collectGarbage");
  const { metrics } = await session.send("Performance.getMetrics");
  const value = (name: string): number => metrics.find((metric) => metric.name === name)?.value ?? Number.NaN;
  const count = async (selector: string): Promise<number> => page.locator(selector).count();
  return [
    String(significant(value("JSHeapUsedSize") / 1e6)),
    String(await count("*")),
    String(await count(".rows-item")),
    String(value("Nodes")),
  ];
}

/** Changes apps at the rate of the run. */
async function changeSlowly(fleet: FleetServer, events: number): Promise<void> {
  const each = (RATE * STEP_MS) / 1_000;
  for (let sent = 0; sent < events; sent += each) {
    fleet.change(Math.min(each, events - sent));
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
}

await main();
