import type { GitRemote } from "../../engine.js";
import type { HostAddress } from "../recognize.js";

/** The API of one repository, and how to access it. */
export interface HostTarget extends HostAddress {
  /** Address, credential and proxy of the API. */
  readonly remote: GitRemote;
  /** The repository at its host, by HTTPS: the installation of a GitHub App is looked up by it. */
  readonly repositoryUrl: string;
  /** Names the Secret with the credential in messages; undefined for anonymous access. */
  readonly where: string | undefined;
}
