// Bundles: node build.mjs, in this folder. See tools/web.py for why every bundle is a classic script.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "esbuild";

const TARGET = ["es2022"];

/** `import source from "worker:./file.ts"`: the bundled text of a worker, to be started from a blob. */
const inputs = new Set();
const workers = {
  name: "workers",
  setup(on) {
    on.onResolve({ filter: /^worker:/ }, async ({ path, resolveDir }) => {
      const found = await on.resolve(path.slice("worker:".length), { resolveDir, kind: "import-statement" });
      return { ...found, namespace: "worker" };
    });
    on.onLoad({ filter: /.*/, namespace: "worker" }, async ({ path }) => {
      const { outputFiles, metafile } = await build({
        entryPoints: [path],
        bundle: true,
        minify: true,
        write: false,
        metafile: true,
        format: "iife",
        target: TARGET,
        loader: { ".wasm": "base64" },
      });
      for (const input of Object.keys(metafile.inputs)) inputs.add(input);
      return { contents: outputFiles[0].text, loader: "text", watchFiles: [path] };
    });
  },
};

// Every file of pages/ is a script that a page loads; the explorers are a module for notebooks besides.
const pages = readdirSync("pages").filter((name) => name.endsWith(".ts"));
const common = { bundle: true, minify: true, metafile: true, target: TARGET, logLevel: "warning", legalComments: "none" };
const { metafile } = await build({
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

// The licences of what the bundles hold of others go with them.
for (const input of Object.keys(metafile.inputs)) inputs.add(input);
const packages = new Set([...inputs].flatMap((input) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? []));
const licences = [...packages].sort().map((name) => {
  const folder = `../node_modules/${name}`;
  const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, "utf8"));
  const file = ["LICENSE", "LICENSE.md", "LICENSE.txt", "license"].map((one) => `${folder}/${one}`).find(existsSync);
  return `${name} ${version} (${license})\n\n${file ? readFileSync(file, "utf8") : "No text of the licence came with the package."}\n`;
});
writeFileSync("../book/_static/web/LICENCES.txt", licences.join("\n----\n\n"));
