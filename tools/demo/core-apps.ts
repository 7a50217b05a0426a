import type { DemoKube } from "./kube.js";
import { appRef } from "./look.js";
import { CORE_APPS } from "./sample.js";

/** How long the operator may take to take one app's things out of the Core. */
const REMOVAL_TIMEOUT_MS = 20_000;

/** Removes the apps on the Core one after the other, with the operator's help: what others refer to goes last. */
export async function removeCoreApps(kube: DemoKube): Promise<void> {
  for (const name of CORE_APPS) {
    await kube.delete(appRef(name));
    await kube.untilGone(appRef(name), { timeoutMs: REMOVAL_TIMEOUT_MS });
  }
}

/** Removes the apps that a killed demo has left: its Core is gone, so there is nothing to take out of it. */
export async function forgetCoreApps(kube: DemoKube): Promise<void> {
  for (const name of CORE_APPS) {
    const ref = appRef(name);
    if ((await kube.get(ref)) === undefined) continue;
    await kube.patch(ref, { spec: { deletionPolicy: "Orphan" } }, "overseer-demo");
    await kube.delete(ref);
    await kube.untilGone(ref);
  }
}
