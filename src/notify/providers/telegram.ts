import { z } from "zod";
import type { ProviderSettings } from "../../api/notify-providers.js";
import { cutText } from "../../base/cut-text.js";
import { OverseerError } from "../../base/errors.js";
import { escapeHtml, type Message } from "../message.js";
import { below, type HttpProvider, required, type SecretValues } from "../provider.js";

/** A message may have 4,096 characters after its entities are parsed. */
const MAX_TEXT = 3000;

const Limited = z.object({ parameters: z.object({ retry_after: z.number().min(0).max(3600) }) });

/** The Bot API. The token is part of the URL, which is therefore never shown. */
export const telegram: HttpProvider<ProviderSettings<"telegram">> = {
  request: ({ settings, secret, message }) => ({
    method: "POST",
    url: below(settings.url, `/bot${tokenOf(secret)}/sendMessage`),
    body: {
      chat_id: settings.chat,
      ...(settings.thread === undefined ? {} : { message_thread_id: settings.thread }),
      text: textOf(message),
      parse_mode: "HTML",
      link_preview_options: { is_disabled: true },
      ...(message.url?.startsWith("https:")
        ? { reply_markup: { inline_keyboard: [[{ text: "Open", url: message.url }]] } }
        : {}),
    },
  }),
  retryAfter: (body) => {
    const parsed = Limited.safeParse(body);
    return parsed.success ? parsed.data.parameters.retry_after * 1000 : undefined;
  },
};

function tokenOf(secret: SecretValues): string {
  const token = required(secret, "token");
  if (/^[A-Za-z0-9:_-]+$/.test(token)) return token;
  throw new OverseerError("the key token of the Secret of the channel is not the token of a bot: correct it", {
    ...{ code: "NOTIFY_SECRET_INVALID", reason: "ChannelSecretInvalid", class: "terminal" },
  });
}

function textOf({ title, lines, fields }: Message): string {
  const body = cutText(lines.join("\n"), MAX_TEXT);
  const facts = fields.map(({ name, value }) => `${escapeHtml(name)}: <code>${escapeHtml(value)}</code>`);
  return [`<b>${escapeHtml(cutText(title, 250))}</b>`, ...(body === "" ? [] : [escapeHtml(body)]), ...facts].join("\n");
}
