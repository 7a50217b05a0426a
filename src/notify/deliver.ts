import type { NotificationChannelSpec } from "../api/notification-channel.js";
import { PROVIDER_NAMES, type ProviderName, type ProviderSettings } from "../api/notify-providers.js";
import { sendEmail } from "./email-sender.js";
import type { HttpSender } from "./http-sender.js";
import type { Message } from "./message.js";
import type { HttpProvider, SecretValues } from "./provider.js";
import { HTTP_PROVIDERS } from "./providers/index.js";
import type { Reach } from "./reach.js";

/** What sends messages. */
export interface Senders {
  readonly http: HttpSender;
  readonly reach: Reach;
}

/** Returns the provider of a channel. The API server ensures that there is exactly one. */
export function providerOf(spec: NotificationChannelSpec): ProviderName | undefined {
  return PROVIDER_NAMES.find((name) => spec[name] !== undefined);
}

/** Returns the name of the Secret of a channel; undefined if it has none. */
export function secretNameOf(spec: NotificationChannelSpec): string | undefined {
  const provider = providerOf(spec);
  return provider === undefined ? undefined : spec[provider]?.secretRef?.name;
}

/** Sends a message to a channel; resolves if it was accepted. Throws an OverseerError without credentials. */
export async function deliver(
  spec: NotificationChannelSpec,
  secret: SecretValues,
  message: Message,
  { http, reach }: Senders,
  { now, signal }: { readonly now: number; readonly signal: AbortSignal },
): Promise<void> {
  if (spec.email !== undefined) return sendEmail(spec.email, secret, message, reach);
  const send = async <N extends keyof typeof HTTP_PROVIDERS>(name: N): Promise<void> => {
    const settings = spec[name] as ProviderSettings<N>;
    const provider: HttpProvider<ProviderSettings<N>> = HTTP_PROVIDERS[name];
    await http.send(provider.request({ settings, secret, message, now }), secret, provider.retryAfter, signal);
  };
  const name = providerOf(spec);
  if (name !== undefined && name !== "email") await send(name);
}
