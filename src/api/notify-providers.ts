import { z } from "zod";
import { atomicList, localRef, withRules } from "./fields.js";

const HTTP_URL = "^https?://[^/?#@]+(/[^?#]*)?$";

/** URL of a service. Hosts with private addresses need --notification-hosts of the operator. */
function serviceUrl(description: string) {
  return withRules(z.string().min(1).max(2048), [
    {
      rule: `self.matches('${HTTP_URL}')`,
      message: "url must be an https:// or http:// URL without user name, query and fragment",
    },
  ]).describe(description);
}

const secret = (keys: string) =>
  localRef(`Secret with ${keys}. Optional key: ca.crt, the CA of the server's certificate.`);
const URL_SECRET = secret("the key url, the URL of the webhook, which is itself a credential");
const text = (max: number, description: string, pattern = /^[^\r\n]+$/) =>
  z.string().min(1).max(max).regex(pattern).describe(description);
const address = (description: string) =>
  z
    .string()
    .max(320)
    .regex(/^[^\s<>",;:\\]+@[^\s<>",;:\\]+$/)
    .describe(description);

/** Settings of each provider, by its field in the spec. */
export const PROVIDER_FIELDS = {
  slack: z
    .object({ secretRef: URL_SECRET })
    .describe("An incoming webhook of Slack, or of Mattermost and Rocket.Chat."),
  discord: z.object({ secretRef: URL_SECRET }).describe("A webhook of a Discord channel."),
  teams: z.object({ secretRef: URL_SECRET }).describe("A workflow of Microsoft Teams that is started by a webhook."),
  matrix: z
    .object({
      url: serviceUrl("URL of the homeserver."),
      room: text(255, "ID of the room, for example !abc:example.org.", /^[!#]/),
      secretRef: secret("the key token, the access token of the sending user"),
    })
    .describe("A room of Matrix."),
  ntfy: z
    .object({
      url: serviceUrl("URL of the server. Defaults to https://ntfy.sh.").default("https://ntfy.sh"),
      topic: text(64, "Topic.", /^[-_A-Za-z0-9]+$/),
      secretRef: secret("the key token, an access token").optional(),
    })
    .describe("A topic of ntfy."),
  gotify: z
    .object({
      url: serviceUrl("URL of the server."),
      secretRef: secret("the key token, the token of an application"),
    })
    .describe("An application of Gotify."),
  telegram: z
    .object({
      url: serviceUrl("URL of the Bot API. Defaults to https://api.telegram.org.").default("https://api.telegram.org"),
      chat: text(64, "ID of the chat, or @name of a channel.", /^(-?[0-9]+|@[A-Za-z0-9_]+)$/),
      thread: z.int().min(1).max(2_147_483_647).optional().describe("ID of the topic in a group with topics."),
      secretRef: secret("the key token, the token of the bot"),
    })
    .describe("A chat of Telegram."),
  email: z
    .object({
      host: text(253, "Name of the SMTP server.", /^[-.:A-Za-z0-9]+$/),
      port: z.int().min(1).max(65_535).default(587).describe("Port of the SMTP server. Defaults to 587."),
      tls: z
        .enum(["StartTLS", "Implicit"])
        .default("StartTLS")
        .describe(
          "How the connection is encrypted: StartTLS (usually port 587) or Implicit (usually port 465). Nothing is sent without encryption. Defaults to StartTLS.",
        ),
      from: address("Address of the sender."),
      to: atomicList(address("An address."), 20, "Addresses of the recipients."),
      secretRef: secret("the keys username and password").optional(),
    })
    .describe("E-mail by SMTP."),
  webhook: z
    .object({
      url: serviceUrl("URL that the message is posted to, as JSON."),
      secretRef: secret(
        "the key signingKey, which signs each request as in Standard Webhooks; previousSigningKey adds a second signature while keys are rotated",
      ),
    })
    .describe("A signed HTTP request."),
  alertmanager: z
    .object({
      url: serviceUrl("URL of the Alertmanager, without /api."),
      secretRef: secret("the key token, or the keys username and password").optional(),
    })
    .describe("Alerts in an Alertmanager of Prometheus, for as long as a problem lasts."),
} as const;

/** Name of a provider. */
export type ProviderName = keyof typeof PROVIDER_FIELDS;
/** Settings of a provider. */
export type ProviderSettings<N extends ProviderName> = z.infer<(typeof PROVIDER_FIELDS)[N]>;
/** Names of all providers. */
export const PROVIDER_NAMES = Object.keys(PROVIDER_FIELDS) as readonly ProviderName[];
