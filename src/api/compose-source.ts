import { z } from "zod";
import { atomicList, localRef, mapList, objectName } from "./fields.js";

const annotations = (description: string) =>
  z.record(z.string(), z.string().max(4096)).meta({ maxProperties: 50 }).optional().describe(description);

/** Privileges that apps can be allowed to use. */
export const COMPOSE_PRIVILEGES = ["Privileged", "HostNetwork", "HostPID", "HostIPC"] as const;

/** What a cluster offers to apps that are written as Compose documents. */
export const ComposeSource = z
  .object({
    ingress: z
      .object({
        className: objectName("Ingress class. Defaults to the default class of the cluster.").optional(),
        clusterIssuer: objectName("ClusterIssuer of cert-manager that issues the certificates of routes.").optional(),
        tlsSecretName: objectName(
          "Secret with the certificate of all routes, for example a wildcard certificate, in the namespace of the app.",
        ).optional(),
        annotations: annotations("Annotations of every Ingress."),
        signIn: mapList(
          z
            .object({
              name: z.string().min(1).max(63).describe("Name of the provider: the value of auth of a route."),
              annotations: z
                .record(z.string(), z.string().max(4096))
                .meta({ minProperties: 1, maxProperties: 50 })
                .describe("Annotations that make the Ingress controller require a sign-in."),
            })
            .describe("A sign-in provider."),
          ["name"],
          20,
          "Sign-in providers. A route with another provider is rejected, because it would be public.",
        ).optional(),
      })
      .optional()
      .describe("How routes become Ingresses."),
    gateway: z
      .object({
        name: objectName("Name of the Gateway."),
        namespace: objectName("Namespace of the Gateway. Defaults to the namespace of the app.").optional(),
        sectionName: z.string().min(1).max(253).optional().describe("Listener of the Gateway. Defaults to all."),
      })
      .optional()
      .describe(
        "If set, routes become HTTPRoutes of this Gateway instead of Ingresses. Its listeners terminate TLS. Routes with a sign-in provider are rejected.",
      ),
    storage: z
      .object({
        className: objectName("Storage class. Defaults to the default class of the cluster.").optional(),
        size: z
          .string()
          .min(2)
          .max(32)
          .regex(/^[1-9][0-9]*(Ki|Mi|Gi|Ti|Pi|k|M|G|T|P)$/)
          .optional()
          .describe("Size of a volume that sets none. Defaults to 1Gi."),
        accessMode: z
          .enum(["ReadWriteOnce", "ReadWriteMany"])
          .optional()
          .describe(
            "Access mode of volumes. With ReadWriteOnce, services that share a volume run on one node. Defaults to ReadWriteOnce.",
          ),
      })
      .optional()
      .describe("Storage of volumes."),
    devices: mapList(
      z
        .object({
          path: z.string().min(1).max(1024).describe("Path of the device on the node, for example /dev/dri."),
          resource: z
            .string()
            .min(3)
            .max(317)
            .regex(/^[a-z0-9.-]+\/[A-Za-z0-9._-]+$/)
            .describe("Extended resource that provides it, for example gpu.intel.com/i915."),
        })
        .describe("A device."),
      ["path"],
      50,
      "Devices of nodes that device plugins offer as resources. Apps with other devices are rejected.",
    ).optional(),
    allow: atomicList(
      z.enum(COMPOSE_PRIVILEGES),
      COMPOSE_PRIVILEGES.length,
      "Privileges that apps may use. Apps that need others are rejected. Defaults to none.",
    ).optional(),
    builtImages: z
      .object({
        registry: z
          .string()
          .min(1)
          .max(200)
          .regex(/^[a-zA-Z0-9][a-zA-Z0-9.-]*(:[0-9]+)?(\/[a-z0-9]+([._-]+[a-z0-9]+)*)*$/)
          .describe("Registry that the images are pushed to, with a path if needed: registry.example.com/team."),
        tag: z
          .string()
          .min(1)
          .max(128)
          .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/)
          .optional()
          .describe(
            "Tag of all images. Defaults to the ID of the folder that the image is built from, as printed by git rev-parse HEAD:<folder>, so that a commit restarts only the services whose folder it changes.",
          ),
      })
      .optional()
      .describe(
        "Images of services with build and without image: <registry>/<app>-<service>:<tag>. A CI job has to build and push them. If unset, apps with such services are rejected, because a cluster does not build images.",
      ),
    backup: z
      .object({
        secretRef: localRef(
          "Secret with the variables of restic, in the namespace of the app: RESTIC_REPOSITORY, RESTIC_PASSWORD, and those of the storage.",
        ),
        image: z.string().min(1).max(512).optional().describe("Image with restic. Defaults to restic/restic:0.18.1."),
      })
      .optional()
      .describe("Repository for backups of volumes. Without it, apps with a backup are rejected."),
  })
  .describe("What the cluster offers to documents of overseer.io/v1. Only with destination.kubernetes.");
export type ComposeSource = z.infer<typeof ComposeSource>;
