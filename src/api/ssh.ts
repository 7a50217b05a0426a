/** What is said of an address of SSH, by the definition and by the operator. */
export const SSH_UNSUPPORTED = "SSH is not supported yet: use the https:// address of the repository";

/** Addresses of SSH: `ssh://…`, and the short form `user@host:path`, with or without the user. */
export const SSH_ADDRESS = `(?i)^((git[+])?ssh([+]git)?://|[^/:@ ]+@[^/: ]+:|[^/:@ ]+[.][^/:@ ]+:[^0-9/])`;
