import { z } from "zod";
import { atomicList, withRules } from "./fields.js";

/** A JSON pointer (RFC 6901) with `*` for every key or item. Identity and what the operator writes cannot be ignored. */
const JsonPointer = withRules(z.string().min(2).max(256), [
  { rule: "self.matches('^(/([^/~]|~[01])*)+$')", message: "must be a JSON pointer such as /spec/replicas" },
  {
    rule: "!self.matches('^/(apiVersion|kind|metadata|metadata/(name|namespace|uid|labels|annotations))$')",
    message: "cannot be ignored as a whole: name a field below it",
  },
  {
    rule: "!self.matches('^/metadata/(labels|annotations)/gitops[.]overseer[.]io~1')",
    message: "is written by the operator and cannot be ignored",
  },
]);

const pattern = (description: string) => z.string().min(1).max(253).describe(description);

/** Fields of live objects that are left alone. */
export const IgnoreRule = withRules(
  z
    .object({
      preset: z
        .enum(["AutoscaledReplicas", "InjectedCABundles"])
        .optional()
        .describe(
          "A ready-made rule. AutoscaledReplicas: spec.replicas of Deployments, StatefulSets and ReplicaSets, for an autoscaler. InjectedCABundles: caBundle of webhook configurations, CustomResourceDefinitions and APIServices, for a CA injector.",
        ),
      group: z
        .string()
        .max(253)
        .optional()
        .describe("API group of the objects; empty for the core group. Defaults to all."),
      kind: pattern("Kind of the objects. Defaults to all.").optional(),
      name: pattern("Name of the objects. May end with *. Defaults to all.").optional(),
      namespace: pattern("Namespace of the objects. May end with *. Defaults to all.").optional(),
      jsonPointers: atomicList(
        JsonPointer,
        50,
        "JSON pointers of the fields. * stands for every key of a map and every item of a list: /webhooks/*/clientConfig/caBundle.",
      ).optional(),
      celPaths: atomicList(
        z.string().min(1).max(512),
        20,
        "Fields as CEL expressions of field access, [key], filter and map: spec.template.spec.containers.filter(c, c.name == 'proxy').map(c, c.image), or metadata.annotations.filter(k, k.startsWith('example.com/')).",
      ).optional(),
      managers: atomicList(
        z.string().min(1).max(128),
        20,
        "Field managers whose fields are left alone, as in metadata.managedFields.",
      ).optional(),
    })
    .describe("Fields of live objects that are left alone."),
  [
    {
      rule: "has(self.preset) || has(self.jsonPointers) && size(self.jsonPointers) > 0 || has(self.celPaths) && size(self.celPaths) > 0 || has(self.managers) && size(self.managers) > 0",
      message: "must set preset, jsonPointers, celPaths or managers",
    },
    {
      rule: "!has(self.preset) || !has(self.jsonPointers) && !has(self.celPaths) && !has(self.managers) && !has(self.group) && !has(self.kind)",
      message: "a preset has its own kinds and fields: set only name and namespace beside it",
    },
  ],
);
export type IgnoreRule = z.infer<typeof IgnoreRule>;

/** `sync.ignoreDifferences` of an app. */
export const IgnoreDifferences = atomicList(
  IgnoreRule,
  20,
  "Fields that are set when an object is created, and left alone from then on: neither compared, nor applied, nor owned. Only for Kubernetes.",
);
