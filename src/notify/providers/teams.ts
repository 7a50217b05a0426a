import type { ProviderSettings } from "../../api/notify-providers.js";
import { cutText } from "../../base/cut-text.js";
import type { Message } from "../message.js";
import { type HttpProvider, secretUrl } from "../provider.js";

/** A message may have 28 kB. */
const MAX_LINE = 1000;
const MAX_LINES = 20;

/** Workflows that a webhook starts: one Adaptive Card. Connectors of Office 365, which took MessageCards, have ended. */
export const teams: HttpProvider<ProviderSettings<"teams">> = {
  request: ({ secret, message }) => ({
    method: "POST",
    url: secretUrl(secret),
    body: {
      type: "message",
      attachments: [{ contentType: "application/vnd.microsoft.card.adaptive", content: cardOf(message) }],
    },
  }),
};

function cardOf(message: Message): unknown {
  const { title, lines, fields, url } = message;
  const block = (text: string): object => ({ type: "TextBlock", text: plain(cutText(text, MAX_LINE)), wrap: true });
  return {
    type: "AdaptiveCard",
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    version: "1.4",
    body: [
      { ...block(title), weight: "Bolder", size: "Medium", color: cardColor(message) },
      ...lines.slice(0, MAX_LINES).map(block),
      ...(fields.length === 0
        ? []
        : [{ type: "FactSet", facts: fields.map(({ name, value }) => ({ title: name, value: plain(value) })) }]),
    ],
    ...(url === undefined ? {} : { actions: [{ type: "Action.OpenUrl", title: "Open", url }] }),
  };
}

function cardColor({ topic, severity }: Message): string {
  if (topic === "Recovered" || topic === "Succeeded") return "Good";
  return severity === "critical" ? "Attention" : severity === "warning" ? "Warning" : "Accent";
}

/** Escapes Markdown, which cards would format. */
function plain(text: string): string {
  return text.replace(/[\\*_[\]()~`]/g, "\\$&");
}
