/** Message for SSH URLs, in the CRD and in conditions. */
export const SSH_UNSUPPORTED = "SSH is not supported yet: use the https:// address of the repository";

/** Pattern of SSH URLs: `ssh://…`, and the short form `user@host:path`, with or without the user. */
export const SSH_ADDRESS = `(?i)^((git[+])?ssh([+]git)?://|[^/:@ ]+@[^/: ]+:|[^/:@ ]+[.][^/:@ ]+:[^0-9/])`;
