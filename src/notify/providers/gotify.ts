import type { ProviderSettings } from "../../api/notify-providers.js";
import { cutText } from "../../base/cut-text.js";
import { plainText } from "../message.js";
import { below, type HttpProvider, required } from "../provider.js";

const MAX_TEXT = 8000;
const PRIORITIES = { info: 2, warning: 5, critical: 8 } as const;

/** The message API. The token is sent in a header, never in the URL. */
export const gotify: HttpProvider<ProviderSettings<"gotify">> = {
  request: ({ settings, secret, message }) => ({
    method: "POST",
    url: below(settings.url, "/message"),
    headers: { "x-gotify-key": required(secret, "token") },
    body: {
      title: cutText(message.title, 250),
      message: cutText(plainText(message), MAX_TEXT),
      priority: PRIORITIES[message.severity],
      extras: {
        "client::display": { contentType: "text/plain" },
        ...(message.url === undefined ? {} : { "client::notification": { click: { url: message.url } } }),
      },
    },
  }),
};
