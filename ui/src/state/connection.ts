import { signal } from "@preact/signals";

/** State of the event stream: `since` is the time in milliseconds of the last sign of life. */
export interface Connection {
  readonly state: "connecting" | "live" | "lost" | "paused";
  readonly since: number;
}

/** The event stream, as pages show it. */
export const connection = signal<Connection>({ state: "connecting", since: Date.now() });

/** Records the state of the event stream. While it is lost, `since` stays that of the last event. */
export function setConnection(state: Connection["state"]): void {
  const before = connection.value;
  if (before.state === "lost" && state === "lost") return;
  connection.value = { state, since: Date.now() };
}
