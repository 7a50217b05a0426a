import { z } from "zod";
import type { ProviderSettings } from "../../api/notify-providers.js";
import { cutText } from "../../base/cut-text.js";
import { colorOf } from "../message.js";
import { type HttpProvider, secretUrl } from "../provider.js";

/** Limits of Discord: all texts of an embed together have at most 6,000 characters. */
const MAX_TITLE = 256;
const MAX_DESCRIPTION = 3000;
const MAX_FIELDS = 10;
const MAX_VALUE = 200;

const Limited = z.object({ retry_after: z.number().min(0).max(3600) });

/** Webhooks of channels, with one embed. No user is mentioned, also if a text contains a mention. */
export const discord: HttpProvider<ProviderSettings<"discord">> = {
  request: ({ secret, message }) => ({
    method: "POST",
    url: secretUrl(secret),
    body: {
      allowed_mentions: { parse: [] },
      embeds: [
        {
          title: cutText(message.title, MAX_TITLE),
          ...(message.url === undefined ? {} : { url: message.url }),
          ...(message.lines.length === 0 ? {} : { description: cutText(message.lines.join("\n"), MAX_DESCRIPTION) }),
          color: colorOf(message),
          fields: message.fields
            .slice(0, MAX_FIELDS)
            .map(({ name, value }) => ({ name, value: cutText(value, MAX_VALUE), inline: true })),
          timestamp: new Date(message.time).toISOString(),
        },
      ],
    },
  }),
  retryAfter: (body) => {
    const parsed = Limited.safeParse(body);
    return parsed.success ? parsed.data.retry_after * 1000 : undefined;
  },
};
