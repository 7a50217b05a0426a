import type { AppServices } from "../app-services.js";

/**
 * Returns the time by the clock of the API server in epoch milliseconds: it dates approvals, so that a wrong clock of this node neither
 * lengthens nor shortens them. The time of this node until the API server has responded once.
 */
export function serverTime({ client, clock }: Pick<AppServices, "client" | "clock">): number {
  return client.serverTime() ?? clock.now();
}
