/**
 * Extracts why a controller could not create a pod from its condition or Event, without the pod name, which changes per attempt:
 * `exceeded quota: pods, requested: pods=1, used: pods=0, limited: pods=0`.
 */
export function podRefusal(message: string): string {
  return message
    .replace(/^(Error creating|create (Pod|Claim) .* failed error): /i, "")
    .replace(/^(pods|persistentvolumeclaims) "[^"]*" is forbidden: /, "");
}
