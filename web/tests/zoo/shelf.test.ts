import assert from "node:assert/strict";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { Shelf } from "../../zoo/shelf.ts";

/** A folder of scripts that exist only here. */
function shelved(broken = 0): { shelf: Shelf; asked: string[] } {
  const asked: string[] = [];
  let failures = broken;
  const shelf: Shelf = new Shelf("base/", async (address) => {
    asked.push(address);
    if (address === "base/manifest.js") shelf.tell({ two: { bytes: 7, said: { given: "nothing" } } });
    else if (failures-- > 0) throw new Error("the disk is busy");
    else if (address === "base/two.js") shelf.register("two", gzipSync(Buffer.from([1, 2])).toString("base64"));
  });
  return { shelf, asked };
}

test("a script is appended when it is asked for, once, and its bytes are unpacked", async () => {
  const { shelf, asked } = shelved();
  assert.deepEqual(asked, []);
  const both = await Promise.all([shelf.take("two"), shelf.take("two")]);
  assert.deepEqual([...both[0]], [1, 2]);
  assert.equal(both[0], both[1]);
  assert.deepEqual(asked, ["base/two.js"]);
});

test("what could not be loaded may be asked for again", async () => {
  const { shelf } = shelved(1);
  await assert.rejects(shelf.take("two"), /the disk is busy/);
  assert.deepEqual([...(await shelf.take("two"))], [1, 2]);
});

test("the manifest says how large a script is; other names are refused", async () => {
  const { shelf } = shelved();
  assert.equal((await shelf.entry("two")).bytes, 7);
  await assert.rejects(shelf.entry("three"), /no model is called three/);
  await assert.rejects(shelf.take("three"), /registered nothing/);
});
