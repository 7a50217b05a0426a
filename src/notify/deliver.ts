import type { NotificationChannelSpec } from "../api/notification-channel.js";
import { PROVIDER_NAMES, type ProviderName, type ProviderSettings } from "../api/notify-providers.js";
import { OverseerError } from "../base/errors.js";
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
  const problem = urlProblem(spec);
  if (problem !== undefined)
    throw new OverseerError(problem, { code: "NOTIFY_URL_INVALID", reason: "ChannelUrlInvalid", class: "terminal" });
  if (spec.email !== undefined) return sendEmail(spec.email, secret, message, reach, { signal });
  const send = async <N extends keyof typeof HTTP_PROVIDERS>(name: N): Promise<void> => {
    const settings = spec[name] as ProviderSettings<N>;
    const provider: HttpProvider<ProviderSettings<N>> = HTTP_PROVIDERS[name];
    await http.send(provider.request({ settings, secret, message, now }), secret, provider.retryAfter, signal);
  };
  const name = providerOf(spec);
  if (name !== undefined && name !== "email") await send(name);
}

/** Returns what is wrong with the URL in a spec, without the URL, which may hold a credential; undefined if nothing is. */
export function urlProblem(spec: NotificationChannelSpec): string | undefined {
  const name = providerOf(spec);
  const settings = name === undefined ? undefined : spec[name];
  const url = settings !== undefined && "url" in settings ? settings.url : undefined;
  const isUsable = url === undefined || (/^https?:\/\//i.test(url) && URL.canParse(url));
  return isUsable ? undefined : `spec.${name}.url is not a valid URL: correct it`;
}
