/** Explorers as they stand still: states, one JSON a line, in; pictures out. tools/explorers.py puts them into pages. */

import { createInterface } from "node:readline";
import { EXPLORERS } from "./widgets/catalogue.ts";
import type { State } from "./widgets/explorer.ts";

const WIDTH = 760;

for await (const line of createInterface({ input: process.stdin })) {
  const { name, values, data } = JSON.parse(line) as State;
  const { svg, alt, figures } = EXPLORERS[name]!(values, data, WIDTH);
  console.log(JSON.stringify({ svg, alt, figures }));
}
