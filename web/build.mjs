// Bundles: node build.mjs, in this folder. See tools/web.py for why every bundle is a classic script.
import { readdirSync } from "node:fs";
import { build } from "esbuild";

const TARGET = ["es2022"];

/** `import source from "worker:./file.ts"`: the bundled text of a worker, to be started from a blob. */
const workers = {
  name: "workers",
  setup(on) {
    on.onResolve({ filter: /^worker:/ }, async ({ path, resolveDir }) => {
      const found = await on.resolve(path.slice("worker:".length), { resolveDir, kind: "import-statement" });
      return { ...found, namespace: "worker" };
    });
    on.onLoad({ filter: /.*/, namespace: "worker" }, async ({ path }) => {
      const { outputFiles } = await build({
        entryPoints: [path],
        bundle: true,
        minify: true,
        write: false,
        format: "iife",
        target: TARGET,
        loader: { ".wasm": "base64" },
      });
      return { contents: outputFiles[0].text, loader: "text", watchFiles: [path] };
    });
  },
};

// Every file of pages/ is a script that a page loads; the explorers are a module for notebooks besides.
const pages = readdirSync("pages").filter((name) => name.endsWith(".ts"));
const common = { bundle: true, minify: true, target: TARGET, logLevel: "warning", legalComments: "none" };
await build({
  ...common,
  entryPoints: pages.map((name) => `pages/${name}`),
  outdir: "../book/_static/web",
  format: "iife",
  loader: { ".wasm": "base64" },
  plugins: [workers],
});
await build({
  ...common,
  entryPoints: ["widgets/notebook.ts"],
  outfile: "../ganbook/widgets/explorers.js",
  format: "esm",
  banner: { js: "// Made from web/ by tools/web.py." },
});
