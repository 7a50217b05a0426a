import type { OidcSettings } from "../../../config/api-settings.js";
import { impersonable } from "../identity/identity.js";

/** User of an ID token, or why it is not accepted. */
export type ClaimedUser = { readonly name: string; readonly groups: readonly string[] } | { readonly refused: string };

type ClaimSettings = Pick<OidcSettings, "usernameClaim" | "usernamePrefix" | "groupsClaim" | "groupsPrefix">;

/** Returns the user that the claims of a verified ID token name, as the API server would. Pure. */
export function userOfClaims(claims: Readonly<Record<string, unknown>>, settings: ClaimSettings): ClaimedUser {
  const { usernameClaim, usernamePrefix, groupsClaim, groupsPrefix } = settings;
  const name = claims[usernameClaim];
  if (typeof name !== "string" || name === "")
    return { refused: `the ID token has no claim ${usernameClaim}: set --oidc-username-claim, or add its scope` };
  if (usernameClaim === "email" && claims.email_verified !== undefined && claims.email_verified !== true)
    return { refused: "the issuer has not verified the e-mail address of the user" };
  const groups = groupsOf(claims, groupsClaim);
  if (groups === undefined)
    return { refused: `the claim ${groupsClaim} of the ID token is not a list of texts, or is a reference` };
  const full = usernamePrefix + name;
  const checked = impersonable(
    full,
    groups.map((group) => groupsPrefix + group),
  );
  return "refused" in checked ? checked : { name: full, groups: checked.groups };
}

/** Returns the groups; undefined if they are malformed, or if the issuer refers to another place for them. */
function groupsOf(claims: Readonly<Record<string, unknown>>, claim: string): readonly string[] | undefined {
  const value = claims[claim];
  if (value === undefined) {
    const elsewhere = claims._claim_names;
    return typeof elsewhere === "object" && elsewhere !== null && claim in elsewhere ? undefined : [];
  }
  const list = typeof value === "string" ? [value] : value;
  return Array.isArray(list) && list.every((group) => typeof group === "string") ? list : undefined;
}
