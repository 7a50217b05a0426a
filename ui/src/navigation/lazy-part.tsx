import type { ComponentType } from "preact";
import { lazy } from "preact-iso";
import { Button } from "../components/button.js";
import { Empty } from "../components/messages.js";
import { hasToken } from "../state/session.js";

/** Waits before a file is loaded again, in milliseconds: a network that changes is back by then. */
const WAITS_MS = [500, 2_000];
/** Where the time of the last automatic reload is kept, in milliseconds. */
const RELOADED = "overseer-reloaded";
/** A part that is still missing this long after a reload is reported instead, since another reload would not help. */
const PAUSE_MS = 60_000;

/**
 * Returns a component whose code is loaded when it is first shown. If its file cannot be loaded, it is tried again; then the whole UI is loaded
 * again, once, since an upgrade may have renamed the file. If that does not help, or would lose a token, the component says so.
 */
export function lazyPart<P>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  return lazy(() =>
    repeatedly(load).catch((): ComponentType<P> | Promise<never> => {
      if (hasToken() || !mayReload()) return NotLoaded;
      location.reload();
      return new Promise(() => {});
    }),
  );
}

async function repeatedly<T>(load: () => Promise<T>): Promise<T> {
  for (const wait of WAITS_MS) {
    try {
      return await load();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
  return load();
}

function mayReload(): boolean {
  try {
    const now = Date.now();
    const last = Number(sessionStorage.getItem(RELOADED) ?? 0);
    sessionStorage.setItem(RELOADED, String(now));
    return Math.abs(now - last) > PAUSE_MS;
  } catch {
    // Without a storage, nothing would end the reloads.
    return false;
  }
}

function NotLoaded() {
  return (
    <Empty
      title="A part of the UI could not be loaded"
      actions={<Button onClick={() => location.reload()}>Load the UI again</Button>}
    >
      <p>
        One of its files is missing, for example after an upgrade, or the server is out of reach. Load the UI again
        {hasToken() ? ", and sign in with your token" : ""}.
      </p>
    </Empty>
  );
}
