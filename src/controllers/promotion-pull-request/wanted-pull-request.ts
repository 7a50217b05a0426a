import { cutText } from "../../base/cut-text.js";
import { sha256 } from "../../base/hash.js";
import { type CarriedVersion, versionText } from "../../gates/promotion/carried-versions.js";

/** Characters of a title: fewer than all hosts take. */
const MAX_TITLE = 200;

/** What a reconcile of an app has found about its pull request. */
export type WantedPullRequest =
  /** There is nothing to carry: one that is open is out of date. */
  | { readonly kind: "None" }
  /** Nothing can be proposed. One that is open stays as it is. */
  | { readonly kind: "Impossible"; readonly id: string; readonly why: string }
  | {
      readonly kind: "Propose";
      /** Identifies the versions: the same are proposed once. */
      readonly id: string;
      readonly base: string;
      readonly baseCommit: string;
      readonly files: Readonly<Record<string, string>>;
      readonly title: string;
      /** Markdown. */
      readonly body: string;
    };

/** Whom and what a pull request is about. */
export interface Proposal {
  /** The later app and the first earlier one, as `namespace/name`. */
  readonly app: string;
  readonly from: string;
  /** URL of the repository. */
  readonly repository: string;
  readonly base: string;
  readonly versions: readonly CarriedVersion[];
  /** Those of `versions` that could not be written into a file. */
  readonly missing: readonly CarriedVersion[];
}

/** Returns what identifies a state: the app, its repository and branch, and the versions. */
export function proposalId({
  app,
  repository,
  base,
  versions,
}: Pick<Proposal, "app" | "repository" | "base" | "versions">): string {
  const texts = versions.map(({ from, to }) => `${versionText(from)} ${versionText(to)}`).sort();
  return sha256([app, repository, base, ...texts].join("\n"), 16);
}

/** Returns title and text of a pull request. What comes from documents stands in a fence, where it is no link and no mention. */
export function proposalText({ app, from, versions, missing }: Omit<Proposal, "repository" | "base">): {
  readonly title: string;
  readonly body: string;
} {
  const [first, ...more] = versions.filter((version) => !missing.includes(version));
  const others = more.length === 0 ? "" : ` and ${more.length} more`;
  const what =
    first === undefined ? "versions" : `${first.to.name} ${first.to.tag ?? first.to.digest?.slice(0, 19) ?? ""}`;
  const lines = versions.map((version) => {
    const remark = missing.includes(version)
      ? "  (not in a file of the app that can be edited: change it by hand)"
      : "";
    return `${versionText(version.from)} -> ${versionText(version.to)}${remark}`;
  });
  const body = [
    `Carries what OverseerApp \`${from}\` has tested to OverseerApp \`${app}\`:`,
    `\`\`\`text\n${lines.join("\n")}\n\`\`\``,
    "Overseer GitOps updates this pull request while newer versions are tested, and closes it when it is out of date. If it is closed without a merge, the same versions are not proposed again.",
  ];
  return { title: cutText(`Promote ${what}${others} to ${app}`, MAX_TITLE), body: `${body.join("\n\n")}\n` };
}
