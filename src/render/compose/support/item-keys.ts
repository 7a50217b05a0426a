import { type KeyTable, lossy, mapped, noted, refused } from "./key-support.js";

/** Keys of items in long syntax, below the keys of a service. */
export const ITEM_KEYS: KeyTable = {
  "configs.source": mapped("the config"),
  "configs.target": mapped("path in the container; defaults to the name below /"),
  "configs.uid": lossy("has no effect: mounted files belong to root and the group of the pod"),
  "configs.gid": lossy("has no effect: mounted files belong to root and the group of the pod"),
  "configs.mode": mapped("mode of the file"),
  "secrets.source": mapped("the secret"),
  "secrets.target": mapped("path in the container; defaults to the name below /run/secrets"),
  "secrets.uid": lossy("has no effect: mounted files belong to root and the group of the pod"),
  "secrets.gid": lossy("has no effect: mounted files belong to root and the group of the pod"),
  "secrets.mode": mapped("mode of the file"),

  "ports.target": mapped("port of the container"),
  "ports.published": mapped(
    "reported once per service: host ports are not opened; use routes, or the ClusterIP Service",
  ),
  "ports.protocol": mapped("protocol"),
  "ports.host_ip": noted("is ignored: host ports are not opened"),
  "ports.mode": noted("is ignored: host ports are not opened"),
  "ports.name": mapped("name of the port"),
  "ports.app_protocol": mapped("appProtocol"),

  "volumes.type": mapped("volume, bind and tmpfs; image, npipe and cluster are rejected"),
  "volumes.source": mapped("name of a volume or path"),
  "volumes.target": mapped("path in the container"),
  "volumes.read_only": mapped("readOnly"),
  "volumes.consistency": noted("is ignored: it concerns Docker Desktop"),
  "volumes.bind.propagation": lossy("has no effect"),
  "volumes.bind.create_host_path": noted("is ignored: a permitted host path is created"),
  "volumes.bind.recursive": lossy("has no effect"),
  "volumes.bind.selinux": noted("is ignored: the runtime labels volumes"),
  "volumes.volume.labels": noted("is ignored: set labels on the volume in the top-level volumes"),
  "volumes.volume.nocopy": noted("is ignored: a claim is never filled from the image"),
  "volumes.volume.subpath": mapped("subPath"),
  "volumes.tmpfs.size": mapped("sizeLimit of the memory volume"),
  "volumes.tmpfs.mode": lossy("has no effect: the directory has mode 1777"),
  "volumes.image.subpath": refused("is not supported"),

  "depends_on.*.condition": mapped("service_started: no order; the other conditions: waves"),
  "depends_on.*.required": mapped("a missing service is accepted"),
  "depends_on.*.restart": lossy("has no effect: the service is not restarted together with the one that it depends on"),

  "env_file.path": mapped("a file of the repository"),
  "env_file.required": mapped("a missing file is accepted"),
  "env_file.format": mapped("raw: values are taken as they are"),

  "post_start.command": mapped("the command"),
  "post_start.user": refused("is not supported: the command runs as the user of the container"),
  "post_start.privileged": refused("is not supported: the command has the privileges of the container"),
  "post_start.working_dir": refused("is not supported: change the directory in the command"),
  "post_start.environment": refused("is not supported: set the variables in the command"),
  "pre_stop.command": mapped("the command"),
  "pre_stop.user": refused("is not supported: the command runs as the user of the container"),
  "pre_stop.privileged": refused("is not supported: the command has the privileges of the container"),
  "pre_stop.working_dir": refused("is not supported: change the directory in the command"),
  "pre_stop.environment": refused("is not supported: set the variables in the command"),

  "devices.source": mapped("path of the device"),
  "devices.target": lossy("has no effect: the device plugin decides about the path in the container"),
  "devices.permissions": lossy("has no effect: the device plugin decides about the permissions"),
};
