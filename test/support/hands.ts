import type { Locator, Page } from "playwright-core";
import type { View } from "./browser.js";

/** A section of the UI, with the second key of its shortcut. */
const SECTIONS = { apps: "a", changes: "c", environments: "e", repositories: "r" } as const;
/** Elements that Tab may pass on the way to another one. */
const MAX_STEPS = 200;

/** How a person works a page: everything that they do goes through this. */
export interface Hands {
  readonly page: Page;
  /** Goes to a section of the bar. */
  goTo(section: keyof typeof SECTIONS): Promise<void>;
  /** Opens an app by its name, from any page. */
  openApp(name: string): Promise<void>;
  /** Presses a button, follows a link, or checks a box. */
  press(target: Locator): Promise<void>;
  /** Replaces the text of a field. */
  type(field: Locator, text: string): Promise<void>;
}

/** A way to work a page: what it is called, how the page is shown, and its hands. */
export interface WayToWork {
  readonly name: string;
  readonly view: View;
  readonly hands: (page: Page) => Hands;
}

/** By mouse, by keyboard alone, and by touch on a screen of 360 pixels. */
export const WAYS_TO_WORK: readonly WayToWork[] = [
  { name: "mouse", view: {}, hands: (page) => new Pointer(page, (target) => target.click()) },
  { name: "keyboard", view: {}, hands: (page) => new Keyboard(page) },
  {
    name: "phone",
    view: { width: 360, height: 740, touch: true },
    hands: (page) => new Pointer(page, (target) => target.tap()),
  },
];

/** A mouse or a finger, and a keyboard for texts only. */
class Pointer implements Hands {
  readonly page: Page;
  readonly press: (target: Locator) => Promise<void>;

  constructor(page: Page, press: (target: Locator) => Promise<void>) {
    this.page = page;
    this.press = press;
  }

  async goTo(section: keyof typeof SECTIONS): Promise<void> {
    await this.press(this.page.getByRole("navigation", { name: "Sections" }).locator(`a[href$="/${section}"]`));
  }

  async openApp(name: string): Promise<void> {
    await this.goTo("apps");
    await this.type(this.page.getByRole("searchbox"), name);
    await this.press(this.page.getByRole("link", { name: new RegExp(`\\b${name}\\b`) }));
  }

  async type(field: Locator, text: string): Promise<void> {
    await this.press(field);
    await field.fill(text);
  }
}

/** A keyboard alone. */
class Keyboard implements Hands {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  async goTo(section: keyof typeof SECTIONS): Promise<void> {
    await this.page.keyboard.press("g");
    await this.page.keyboard.press(SECTIONS[section]);
  }

  async openApp(name: string): Promise<void> {
    await this.goTo("apps");
    await this.page.getByRole("heading", { level: 1, name: "Apps" }).waitFor();
    await this.page.keyboard.press("/");
    await this.page.keyboard.type(name);
    await this.press(this.page.getByRole("link", { name: new RegExp(`\\b${name}\\b`) }));
  }

  async press(target: Locator): Promise<void> {
    await this.#reach(target);
    const isBox = (await target.getAttribute("type")) === "checkbox";
    await this.page.keyboard.press(isBox ? "Space" : "Enter");
  }

  async type(field: Locator, text: string): Promise<void> {
    await this.#reach(field);
    await this.page.keyboard.press("Control+a");
    await this.page.keyboard.type(text);
  }

  /** Presses Tab until the target has the focus, which must then be visible. */
  async #reach(target: Locator): Promise<void> {
    await target.waitFor();
    for (let step = 0; step < MAX_STEPS; step++) {
      if ((await target.and(this.page.locator(":focus")).count()) > 0) return;
      await this.page.keyboard.press("Tab");
    }
    throw new Error(`Tab does not reach ${target}`);
  }
}
