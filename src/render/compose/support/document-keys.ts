import { type KeyTable, lossy, mapped, noted, refused } from "./key-support.js";

/** Keys of a Compose document besides its services. */
export const DOCUMENT_KEYS: KeyTable = {
  version: mapped("ignored with a note, as in Compose"),
  name: mapped("ignored with a note: objects are named after the app"),
  services: mapped("see the keys of a service"),
  include: mapped("files of the repository; env_file of an entry is rejected"),
  models: refused("is not supported: run the model as a service"),

  "networks.*.name": noted("is ignored: the network is only known to the app"),
  "networks.*.external": noted(
    "is a label that lets the apps with it reach each other; names of services in other namespaces are like name.namespace",
  ),
  "networks.*.labels": noted("is ignored: a cluster has one network"),
  "networks.*.driver": mapped("bridge, overlay and host are ignored; others are rejected"),
  "networks.*.driver_opts": lossy("has no effect: the cluster has one network"),
  "networks.*.ipam": lossy("has no effect: pods get their addresses from the cluster"),
  "networks.*.internal": mapped("a NetworkPolicy without egress to other networks"),
  "networks.*.attachable": noted("is ignored: it concerns Docker Swarm"),
  "networks.*.enable_ipv4": lossy("has no effect: the cluster decides about address families"),
  "networks.*.enable_ipv6": lossy("has no effect: the cluster decides about address families"),

  "volumes.*.name": mapped("name of the claim"),
  "volumes.*.external": mapped("an existing claim"),
  "volumes.*.labels": mapped("the annotation compose.overseer.io/labels of the claim"),
  "volumes.*.driver": mapped("local; others are rejected"),
  "volumes.*.driver_opts": mapped(
    "type nfs: an NFS volume; tmpfs: a memory volume; o: bind: as a host path; others are rejected",
  ),

  "secrets.*.name": mapped("name of an external Secret"),
  "secrets.*.external": mapped("an existing Secret with the key value"),
  "secrets.*.labels": noted("is ignored"),
  "secrets.*.environment": mapped("a Secret with the value of the variable"),
  "secrets.*.file": mapped("a Secret with the content of a file of the repository"),
  "secrets.*.driver": refused("is for Docker Swarm and not supported"),
  "secrets.*.driver_opts": refused("is for Docker Swarm and not supported"),
  "secrets.*.template_driver": refused("is for Docker Swarm and not supported"),

  "configs.*.name": mapped("name of an external ConfigMap"),
  "configs.*.external": mapped("an existing ConfigMap with the key value"),
  "configs.*.labels": noted("is ignored"),
  "configs.*.content": mapped("a ConfigMap with the content"),
  "configs.*.environment": mapped("a ConfigMap with the value of the variable"),
  "configs.*.file": mapped("a ConfigMap with the content of a file of the repository; a Secret if it is encrypted"),
  "configs.*.template_driver": refused("is for Docker Swarm and not supported"),
};
