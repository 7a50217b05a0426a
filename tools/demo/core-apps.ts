import type { DemoKube } from "./kube.js";
import { appRef } from "./look.js";
import { CORE_APPS } from "./sample.js";

/** Maximum time to remove one app from the Core. */
const REMOVAL_TIMEOUT_MS = 20_000;

/** Deletes the apps on the Core one at a time, referenced apps last; the operator removes their resources. */
export async function removeCoreApps(kube: DemoKube): Promise<void> {
  for (const name of CORE_APPS) {
    await kube.delete(appRef(name));
    await kube.untilGone(appRef(name), { timeoutMs: REMOVAL_TIMEOUT_MS });
  }
}

/** Deletes the apps left by a killed demo. Its Core no longer exists, so their resources are orphaned. */
export async function forgetCoreApps(kube: DemoKube): Promise<void> {
  for (const name of CORE_APPS) {
    const ref = appRef(name);
    if ((await kube.get(ref)) === undefined) continue;
    await kube.patch(ref, { spec: { deletionPolicy: "Orphan" } }, "overseer-demo");
    await kube.delete(ref);
    await kube.untilGone(ref);
  }
}
