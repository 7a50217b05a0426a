import { z } from "zod";
import type { ProviderSettings } from "../../api/notify-providers.js";
import { cutText } from "../../base/cut-text.js";
import { escapeHtml, type Message, plainText } from "../message.js";
import { bearer, below, type HttpProvider, required } from "../provider.js";

/** An event may have 64 KiB, of which the text is sent twice. */
const MAX_TEXT = 12_000;

const Limited = z.object({ retry_after_ms: z.number().min(0).max(3_600_000) });

/** The client-server API, version 3. The transaction ID is the key of the message, so that a repetition is not shown twice. */
export const matrix: HttpProvider<ProviderSettings<"matrix">> = {
  request: ({ settings, secret, message }) => ({
    method: "PUT",
    url: below(
      settings.url,
      `/_matrix/client/v3/rooms/${encodeURIComponent(settings.room)}/send/m.room.message/${encodeURIComponent(message.key)}`,
    ),
    headers: bearer(required(secret, "token")),
    body: {
      msgtype: "m.notice",
      body: cutText(plainText(message), MAX_TEXT),
      format: "org.matrix.custom.html",
      formatted_body: htmlOf(message),
    },
  }),
  retryAfter: (body) => {
    const parsed = Limited.safeParse(body);
    return parsed.success ? parsed.data.retry_after_ms : undefined;
  },
};

function htmlOf({ title, lines, fields, url }: Message): string {
  const text = cutText(lines.join("\n"), MAX_TEXT).split("\n").map(escapeHtml);
  const facts = fields.map(({ name, value }) => `${escapeHtml(name)}: <code>${escapeHtml(value)}</code>`);
  const heading = `<strong>${escapeHtml(title)}</strong>`;
  const link = url === undefined ? heading : `<a href="${escapeHtml(url)}">${heading}</a>`;
  return [link, ...text, ...facts].join("<br>");
}
