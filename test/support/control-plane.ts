import { type ControlPlane, startControlPlane } from "../../tools/control-plane.js";
import { attachControlPlane } from "../../tools/control-plane-attach.js";
import { SAMPLE_USERS } from "../../tools/control-plane-credentials.js";

let shared: Promise<ControlPlane> | undefined;

/**
 * The control plane that all tests of this process share, with the users of `SAMPLE_USERS`. It is started by the first
 * call, unless `OVERSEER_TEST_CONTROL_PLANE` names the state file of one that runs already. Tests that need another
 * kind of API server, or want to stop it, start their own.
 */
export function sharedControlPlane(): Promise<ControlPlane> {
  const statePath = process.env.OVERSEER_TEST_CONTROL_PLANE;
  shared ??= statePath ? attachControlPlane(statePath) : startControlPlane({ users: SAMPLE_USERS });
  return shared;
}

/** Ends the shared control plane if some test has started it; for the root hook that runs after all tests. */
export async function stopSharedControlPlane(): Promise<void> {
  const controlPlane = await shared?.catch(() => undefined);
  shared = undefined;
  await controlPlane?.stop();
}
