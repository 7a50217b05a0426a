import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { repositoryRoot } from "../../tools/repository-root.js";

/** Takes pictures for the docs, in light and in dark colors, with SCREENSHOTS=1. */
export async function picture(
  page: Page,
  name: string,
  themes: readonly ("light" | "dark")[] = ["light", "dark"],
): Promise<void> {
  if (process.env.SCREENSHOTS !== "1") return;
  // Nothing is under the pointer.
  await page.mouse.move(0, 0);
  const tools = await page.context().newCDPSession(page);
  for (const colorScheme of themes) {
    await page.emulateMedia({ colorScheme });
    // Colors fade into each other.
    await page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => {})))");
    // Playwright writes PNG, which is thrice as large.
    const { data } = await tools.send("Page.captureScreenshot", { format: "webp", quality: 80 });
    const path = join(repositoryRoot(), "docs/images", `ui-${name}-${colorScheme}.webp`);
    await writeFile(path, Buffer.from(data, "base64"));
  }
  await tools.detach();
  await page.emulateMedia({ colorScheme: themes[0] ?? "light" });
}
