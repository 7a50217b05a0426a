/** Path at which the webhooks of a GitRepository are received. The host is whatever address leads to the server role. */
export function webhookPath({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `/hooks/${namespace}/${name}`;
}
