import type { FastifyInstance } from "fastify";
import { webhookPath } from "../../api/webhook-path.js";
import { sendReply } from "../http-server.js";
import type { WebhookReceiver } from "./receiver.js";

/** Registers the webhook route of all repositories. */
export function routeWebhooks(app: FastifyInstance, receiver: WebhookReceiver): void {
  app.post<{ Params: { namespace: string; name: string } }>(
    webhookPath({ namespace: ":namespace", name: ":name" }),
    async (request, reply) => {
      const { params, headers, raw } = request;
      return sendReply(reply, await receiver.receive({ ...params, headers, body: raw }));
    },
  );
}
