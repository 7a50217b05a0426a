import type { ProviderSettings } from "../../api/notify-providers.js";
import { cutText } from "../../base/cut-text.js";
import { type AlertedApp, severityOf } from "../message.js";
import { bearer, below, type HttpProvider, type SecretValues } from "../provider.js";

/** How long an alert lasts without a repetition, in milliseconds. It is repeated each minute. */
const LASTS_MS = 5 * 60_000;
const MAX_TEXT = 2000;

/** Alerts of API version 2. Labels identify an alert, so they hold neither times nor commits. */
export const alertmanager: HttpProvider<ProviderSettings<"alertmanager">> = {
  request: ({ settings, secret, message, now }) => ({
    method: "POST",
    url: below(settings.url, "/api/v2/alerts"),
    headers: authorizationOf(secret),
    body: message.apps.map((app) => alertOf(app, now, message.url)),
  }),
};

function alertOf(app: AlertedApp, now: number, url: string | undefined): unknown {
  const { namespace, name, environment, topic, since, until, text } = app;
  return {
    labels: {
      alertname: `OverseerApp${topic}`,
      ...{ namespace, name },
      severity: severityOf(topic),
      ...(environment === undefined ? {} : { environment }),
    },
    annotations: { summary: `${namespace}/${name}: ${topic}`, description: cutText(text, MAX_TEXT) },
    startsAt: new Date(since).toISOString(),
    endsAt: new Date(until ?? now + LASTS_MS).toISOString(),
    ...(url === undefined ? {} : { generatorURL: url }),
  };
}

function authorizationOf(secret: SecretValues): Readonly<Record<string, string>> {
  const { token, username, password = "" } = secret;
  if (token || username === undefined) return bearer(token);
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
}
