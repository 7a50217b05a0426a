/** Pattern of SSH addresses: `ssh://…`, and the short form `user@host:path`; the user is optional if the host has a dot. */
export const SSH_ADDRESS = `(?i)^(ssh://|[^/:@ ]+@[^/: ]+:|[^/:@ ]+[.][^/:@ ]+:[^0-9/])`;
