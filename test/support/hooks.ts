/** Root hooks of every mocha run, named in .mocharc.json. The control plane is loaded late: few test files have one. */
export const mochaHooks = {
  async afterAll(): Promise<void> {
    const { stopSharedControlPlane } = await import("./control-plane.js");
    await stopSharedControlPlane();
  },
};
