import type { ProviderSettings } from "../../api/notify-providers.js";
import { cutText } from "../../base/cut-text.js";
import { colorOf, type Message, plainText } from "../message.js";
import { type HttpProvider, secretUrl } from "../provider.js";

/** Limits of Slack: characters of a header and of a section, and fields of a section. */
const MAX_HEADER = 150;
const MAX_TEXT = 3000;
const MAX_FIELDS = 10;

/** Incoming webhooks: blocks in an attachment, which gives them a color, and `text` for notifications and for compatible services. */
export const slack: HttpProvider<ProviderSettings<"slack">> = {
  request: ({ secret, message }) => ({
    method: "POST",
    url: secretUrl(secret),
    body: {
      text: escapeText(cutText(message.title, MAX_TEXT)),
      attachments: [
        {
          color: `#${colorOf(message).toString(16).padStart(6, "0")}`,
          fallback: escapeText(cutText(plainText(message), MAX_TEXT)),
          blocks: blocksOf(message),
        },
      ],
    },
  }),
};

function blocksOf({ title, lines, fields, url }: Message): unknown[] {
  const texts = fields.slice(0, MAX_FIELDS).map(({ name, value }) => mrkdwn(`*${name}*\n${value}`, 2000));
  return [
    { type: "header", text: { type: "plain_text", text: cutText(title, MAX_HEADER) } },
    ...(lines.length === 0 ? [] : [{ type: "section", text: mrkdwn(lines.join("\n"), MAX_TEXT) }]),
    ...(texts.length === 0 ? [] : [{ type: "section", fields: texts }]),
    ...(url === undefined
      ? []
      : [{ type: "actions", elements: [{ type: "button", text: { type: "plain_text", text: "Open" }, url }] }]),
  ];
}

function mrkdwn(text: string, max: number): { readonly type: "mrkdwn"; readonly text: string } {
  return { type: "mrkdwn", text: cutText(escapeText(text), max) };
}

/** Escapes what Slack would read as a mention or link. */
function escapeText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
