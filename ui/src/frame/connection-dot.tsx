import { Ago } from "../components/ago.js";
import { Notice } from "../components/messages.js";
import { now } from "../state/clock.js";
import { connection } from "../state/connection.js";

const BANNER_AFTER_MS = 10_000;
const WORDS = { connecting: "Connecting", live: "Live", lost: "Not connected", paused: "Paused" } as const;

/** The state of the event stream in the bar. */
export function ConnectionDot() {
  const { state } = connection.value;
  return (
    <span class={`connection connection-${state}`} title="Connection to the server" role="status">
      <span class="connection-dot" aria-hidden="true" />
      {WORDS[state]}
    </span>
  );
}

/** Says that what is shown may be old, once the connection is lost for some seconds. */
export function ConnectionBanner() {
  const { state, since } = connection.value;
  if (state !== "lost" || now.value - since < BANNER_AFTER_MS) return null;
  return (
    <div class="connection-banner">
      <Notice tone="warn" icon="warn" title="The connection to the server is lost">
        <p>
          What you see is from <Ago at={new Date(since).toISOString()} />. It is tried again every few seconds.
        </p>
      </Notice>
    </div>
  );
}
