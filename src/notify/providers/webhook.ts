import { createHmac } from "node:crypto";
import type { ProviderSettings } from "../../api/notify-providers.js";
import { OverseerError } from "../../base/errors.js";
import { type HttpProvider, required } from "../provider.js";

const MIN_KEY_BYTES = 16;
const PREFIX = "whsec_";

/**
 * A request that is signed as in Standard Webhooks: `webhook-signature` is `v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64.
 * While keys are rotated there is one signature for each.
 */
export const webhook: HttpProvider<ProviderSettings<"webhook">> = {
  request: ({ settings, secret, message, now }) => {
    const { topic, severity, title, lines, fields, url, key, endsKey, time, apps } = message;
    const keys = [required(secret, "signingKey"), ...(secret.previousSigningKey ? [secret.previousSigningKey] : [])];
    const body = {
      type: `app.${topic.charAt(0).toLowerCase()}${topic.slice(1)}`,
      timestamp: new Date(time).toISOString(),
      data: {
        ...{ topic, severity, title, lines, fields, apps: apps.map(({ namespace, name }) => ({ namespace, name })) },
        ...(url === undefined ? {} : { url }),
        ...(endsKey === undefined ? {} : { ends: endsKey }),
      },
    };
    const timestamp = String(Math.floor(now / 1000));
    const content = `${key}.${timestamp}.${JSON.stringify(body)}`;
    const signatures = keys.map((one) => `v1,${createHmac("sha256", keyBytes(one)).update(content).digest("base64")}`);
    return {
      method: "POST",
      url: settings.url,
      headers: { "webhook-id": key, "webhook-timestamp": timestamp, "webhook-signature": signatures.join(" ") },
      body,
    };
  },
};

/** Keys are text, or base64 after the prefix `whsec_`. */
function keyBytes(text: string): Buffer {
  const key = text.trim();
  const bytes = key.startsWith(PREFIX) ? Buffer.from(key.slice(PREFIX.length), "base64") : Buffer.from(key);
  if (bytes.length >= MIN_KEY_BYTES) return bytes;
  throw new OverseerError(
    `a signing key in the Secret of the channel has ${bytes.length} bytes: it must have at least ${MIN_KEY_BYTES}`,
    { code: "NOTIFY_SECRET_INVALID", reason: "ChannelSecretInvalid", class: "terminal" },
  );
}
