import type { ProviderSettings } from "../../api/notify-providers.js";
import { cutText } from "../../base/cut-text.js";
import { plainText } from "../message.js";
import { bearer, type HttpProvider } from "../provider.js";

/** A message may have 4,096 bytes; longer ones become attachments. */
const MAX_TEXT = 1300;

const PRIORITIES = { info: 3, warning: 4, critical: 5 } as const;
const TAGS = { info: "information_source", warning: "warning", critical: "rotating_light" } as const;

/** JSON to the root of the server. */
export const ntfy: HttpProvider<ProviderSettings<"ntfy">> = {
  request: ({ settings, secret, message }) => {
    const isGood = message.topic === "Recovered" || message.topic === "Succeeded";
    return {
      method: "POST",
      url: settings.url,
      headers: bearer(secret.token),
      body: {
        topic: settings.topic,
        title: cutText(message.title, 250),
        message: cutText(plainText({ ...message, url: undefined }), MAX_TEXT),
        priority: PRIORITIES[message.severity],
        tags: [isGood ? "white_check_mark" : TAGS[message.severity]],
        ...(message.url === undefined ? {} : { click: message.url }),
      },
    };
  },
};
