import type { BadSpec } from "./crd-cases.js";

const secretRef = { name: "channel" };
/** Providers with a URL, and what else they require. */
const URLS: Readonly<Record<string, object>> = {
  matrix: { room: "!abc:example.org", secretRef },
  ntfy: { topic: "ops" },
  gotify: { secretRef },
  telegram: { chat: "1", secretRef },
  webhook: { secretRef },
  alertmanager: {},
};

/** Specs of NotificationChannels that the API server must refuse. */
export const badChannelSpecs: readonly BadSpec[] = [
  {
    kind: "NotificationChannel",
    set: { discord: { secretRef: { name: "c" } } },
    field: "spec",
    message:
      "exactly one of slack, discord, teams, matrix, ntfy, gotify, telegram, email, webhook, alertmanager must be set",
  },
  ...Object.entries(URLS).map(
    ([provider, settings]): BadSpec => ({
      kind: "NotificationChannel",
      set: { slack: undefined, [provider]: { url: "https://a:b@chat.example.com", ...settings } },
      field: `spec.${provider}.url`,
      message: "url must be an https:// or http:// URL without user name, query and fragment",
    }),
  ),
  {
    kind: "NotificationChannel",
    set: { groupWait: "20m" },
    field: "spec.groupWait",
    message: "must not be longer than 15m",
  },
  {
    kind: "NotificationChannel",
    set: { groupWait: "10ms" },
    field: "spec.groupWait",
    message: "must not be shorter than 1s",
  },
];
