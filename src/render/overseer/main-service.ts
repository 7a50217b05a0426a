/** The service that an app is about: the only one, or the one named like the app; undefined when it cannot be told. */
export function mainService(app: string, services: readonly string[]): string | undefined {
  return services.length === 1 ? services[0] : services.find((service) => service === app);
}
