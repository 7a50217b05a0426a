import { z } from "zod";
import { WEBHOOK_PATH } from "../../api/webhook-path.js";
import { type Route, route } from "../route.js";
import type { WebhookReceiver } from "./receiver.js";

const WebhookResult = z.object({
  result: z.enum(["accepted", "ignored", "pong"]),
  repository: z.string().optional().describe("Namespace and name of the GitRepository that is polled."),
});

/** Route of the webhooks of all repositories. */
export function webhookRoute(receiver: Pick<WebhookReceiver, "receive">): Route {
  return route({
    method: "POST",
    path: WEBHOOK_PATH,
    summary: "Receives a webhook of a Git host, and requests a poll of the repository.",
    access: "signed",
    body: "stream",
    responses: { 200: WebhookResult, 202: WebhookResult },
    handle: ({ params, headers, body }) => receiver.receive({ ...params, headers, body }),
  });
}
