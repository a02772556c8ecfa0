import assert from "node:assert/strict";
import { test } from "node:test";
import { History } from "../../training/history.ts";

test("a long history keeps its first and its last entry, evenly thinned", () => {
  const history = new History<{ clock: number }>();
  for (let clock = 0; clock <= 20_000; clock++) history.add({ clock });
  const clocks = history.entries.map((entry) => entry.clock);
  assert.ok(clocks.length > 200 && clocks.length <= 482, String(clocks.length));
  assert.equal(clocks[0], 0);
  assert.equal(clocks.at(-1), 20_000);
  const gaps = clocks.slice(1, -1).map((clock, i) => clock - clocks[i]!);
  assert.ok(Math.max(...gaps) <= 4 * Math.min(...gaps), `${Math.min(...gaps)} to ${Math.max(...gaps)}`);
});

test("going back forgets what came after", () => {
  const history = new History<{ clock: number }>();
  for (let clock = 0; clock <= 10; clock++) history.add({ clock });
  history.back(4);
  assert.equal(history.last?.clock, 4);
  history.clear();
  assert.equal(history.last, undefined);
});
