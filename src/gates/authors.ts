import type { Identity } from "../api/identities.js";
import { MESSAGE_DIGITS } from "../api/short-revision.js";
import type { HostUser, PullRequest } from "../git/hosts/git-host.js";

/** How a commit has come to the ref, as far as it is proven. Never the names in the commit, which anybody can choose. */
export interface CommitOrigin {
  readonly commit: string;
  /** Merged pull requests of the commit to the branch of the app. */
  readonly pulls: readonly PullRequest[];
  /** Key of a verified signature by which one person alone has made the commit, for example `ED25519 SHA256:…`; undefined without one. */
  readonly key: string | undefined;
}

/** Everybody and everything that a Change comes from. */
export interface Origins {
  /** Name of the Git host, as in `spec.identities[].accounts`. */
  readonly host: string;
  readonly commits: readonly CommitOrigin[];
  /** The user who requests the Change, if one does. */
  readonly requester: string | undefined;
  /** What else the Change comes from whose author Kubernetes does not record, for example `an edit of the app`. */
  readonly unrecorded: string | undefined;
}

/** Who the authors of a Change are. */
export interface Authors {
  /** What each person has done, by the name of the person. */
  readonly persons: ReadonlyMap<string, string>;
  /** Why authors are not known: then no approval counts. */
  readonly unknown: readonly string[];
  /** Causes without a known author: any one approver may be it. */
  readonly unrecorded: string | undefined;
}

/** Finds the persons from whom a Change comes. */
export function authorsOf({ host, commits, requester, unrecorded }: Origins, identities: readonly Identity[]): Authors {
  const persons = new Map<string, string>();
  const unknown: string[] = [];
  const note = (person: string, what: string): unknown => persons.has(person) || persons.set(person, what);
  for (const origin of commits) {
    const found = authorsOfCommit(origin, host, identities);
    if ("unknown" in found) unknown.push(`commit ${origin.commit.slice(0, MESSAGE_DIGITS)} ${found.unknown}`);
    else for (const [person, what] of found.authors) note(person, what);
  }
  if (requester !== undefined) note(personOf(requester, identities) ?? requester, "has requested the Change");
  return { persons, unknown, unrecorded };
}

/** Returns the name of the person to whom a user name belongs: the first user name; undefined if no identity has it. */
export function personOf(user: string, identities: readonly Identity[]): string | undefined {
  return identities.find(({ users }) => users?.includes(user))?.users?.[0];
}

/** Returns why the approval of a user does not count, because the user is, or may be, an author; undefined if it does. */
export function whyAuthor(user: string, authors: Authors, identities: readonly Identity[]): string | undefined {
  const [first, ...others] = authors.unknown;
  if (first !== undefined) {
    const more = others.length === 0 ? "" : `; and ${others.length} more`;
    return `gates.approval.forbidAuthor: the authors are not known: ${first}${more}`;
  }
  const person = personOf(user, identities);
  if (person === undefined)
    return `gates.approval.forbidAuthor: ${user} is in no entry of spec.identities, and may be an author under another name`;
  const deed = authors.persons.get(person);
  return deed && `gates.approval.forbidAuthor: ${user} ${deed}`;
}

type CommitAuthors =
  | { readonly authors: readonly (readonly [person: string, what: string])[] }
  | { readonly unknown: string };

function authorsOfCommit({ commit, pulls, key }: CommitOrigin, host: string, all: readonly Identity[]): CommitAuthors {
  const short = commit.slice(0, MESSAGE_DIGITS);
  const authors: (readonly [string, string])[] = [];
  if (key !== undefined) {
    const person = all.find(({ keys }) => keys?.some((one) => isSameKey(one, key)))?.users?.[0];
    if (person !== undefined) authors.push([person, `has signed commit ${short}`]);
    else if (pulls.length === 0)
      return { unknown: `is signed by the key ${key}, which no user in spec.identities has` };
  }
  for (const pull of pulls) {
    const { number, author, merger } = pull;
    if (merger === undefined)
      return { unknown: `came by pull request ${number}, of which the Git host does not tell who has merged it` };
    let hasPerson = false;
    for (const [account, what] of [[author, "is the author of"] as const, [merger, "has merged"] as const]) {
      const identity = all.find(({ accounts }) => accounts?.some((one) => isAccount(one, host, account)));
      if (identity === undefined)
        return {
          unknown: `came by pull request ${number}, and no entry of spec.identities has the account ${host}/${account.name} (${host}/id:${account.id}), which ${what} it`,
        };
      const person = identity.users?.[0];
      if (person === undefined) continue;
      hasPerson = true;
      authors.push([person, `${what} pull request ${number} (commit ${short})`]);
    }
    if (!hasPerson) return { unknown: `came by pull request ${number}, which only programs have opened and merged` };
  }
  if (authors.length === 0)
    return { unknown: "did not come by a pull request, and has no signature of one person that spec.verify accepts" };
  return { authors };
}

function isAccount(entry: string, host: string, { id, name, isNameFree }: HostUser): boolean {
  const slash = entry.indexOf("/");
  if (entry.slice(0, slash).toLowerCase() !== host.toLowerCase()) return false;
  const account = entry.slice(slash + 1);
  if (account.startsWith("id:")) return account.slice(3) === id;
  return isNameFree !== true && account === name;
}

/** Fingerprints of OpenPGP keys are hexadecimal; those of SSH keys are not. */
function isSameKey(entry: string, key: string): boolean {
  const fingerprint = key.split(" ").at(-1) ?? "";
  if (entry.startsWith("SHA256:")) return entry.replace(/=+$/, "") === fingerprint.replace(/=+$/, "");
  return entry.toUpperCase() === fingerprint.toUpperCase();
}
