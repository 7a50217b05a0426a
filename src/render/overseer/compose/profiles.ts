import { isRecord } from "../../../manifest/shape.js";
import { closest } from "../../closest.js";
import type { Reporter } from "../reporter.js";
import type { Mapping } from "./shape.js";

/** The profile that activates all services, as in Compose. */
const ALL = "*";

/**
 * Removes `profiles` from the services with an active profile, so that they run like services without profiles.
 *
 * @param active `spec.profiles` of the App. `report` reports those that no service has.
 */
export function activateProfiles(compose: Mapping, active: readonly string[], report: Reporter): Mapping {
  const { services } = compose;
  if (active.length === 0 || !isRecord(services)) return compose;
  const known = new Set(Object.values(services).flatMap(profilesOf));
  for (const [index, profile] of active.entries()) {
    if (profile === ALL || known.has(profile)) continue;
    report.at(index).problem(() => {
      const near = closest(profile, [...known]);
      return `no service has this profile${near === undefined ? "" : `; did you mean ${near}?`}`;
    });
  }
  const isActive = (profile: string): boolean => active.includes(ALL) || active.includes(profile);
  return {
    ...compose,
    services: Object.fromEntries(
      Object.entries(services).map(([name, service]) => {
        if (!isRecord(service) || !profilesOf(service).some(isActive)) return [name, service];
        const { profiles: _, ...others } = service;
        return [name, others];
      }),
    ),
  };
}

function profilesOf(service: unknown): string[] {
  const list = isRecord(service) && Array.isArray(service.profiles) ? service.profiles : [];
  return list.filter((profile): profile is string => typeof profile === "string");
}
