/** URL path that receives the webhooks of a GitRepository, on the role server. */
export function webhookPath({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `/hooks/${namespace}/${name}`;
}
