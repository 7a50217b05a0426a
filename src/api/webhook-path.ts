/** Path of the webhook route on the role server. */
export const WEBHOOK_PATH = "/hooks/:namespace/:name";

/** URL path that receives the webhooks of a GitRepository, on the role server. */
export function webhookPath({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return WEBHOOK_PATH.replace(":namespace", namespace).replace(":name", name);
}
