/** What esbuild makes of imports that are not modules: see build.mjs. */

declare module "worker:*" {
  const source: string;
  export default source;
}

declare module "*.wasm" {
  const base64: string;
  export default base64;
}
