import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { captionNote, distance, Tokenizer, wordsIn } from "../../zoo/tokenizer.ts";

interface Reference {
  words: string[];
  alone: { caption: string; words: string[]; tokens: number[]; unknown: string[]; note: string }[];
  together: number[][];
}

// Made by tests/zoo/test_tokens.py from the library's own tokenizer.
const reference: Reference = JSON.parse(readFileSync(new URL("tokens.json", import.meta.url), "utf-8"));
const tokenizer = new Tokenizer(reference.words);

test("captions become the numbers that Python's tokenizer makes of them", () => {
  assert.ok(reference.alone.length > 50);
  for (const { caption, words, tokens, unknown } of reference.alone) {
    assert.deepEqual(wordsIn(caption), words, caption);
    assert.deepEqual(tokenizer.tokens([caption]), [tokens], caption);
    assert.deepEqual(tokenizer.unknown(caption), unknown, caption);
  }
  const captions = reference.alone.map(({ caption }) => caption);
  assert.deepEqual(tokenizer.tokens(captions), reference.together);
});

test("the note on a caption begins as Python's, and goes on with near words", () => {
  for (const { caption, note } of reference.alone) {
    const said = captionNote(tokenizer, caption);
    assert.ok(said.startsWith(note) && (note !== "" || said === ""), caption);
  }
  assert.match(captionNote(tokenizer, "a redd sevn"), /near redd it knows red(,|;) .*near sevn it knows seven/);
});

test("the nearest words are those that are spelt most alike", () => {
  assert.deepEqual(tokenizer.nearest("sevn", 1), ["seven"]);
  assert.deepEqual(tokenizer.nearest("grene", 1), ["green"]);
  assert.deepEqual(tokenizer.nearest("xxxxxxxxxxxxxxxx"), []);
  assert.deepEqual(tokenizer.nearest("i"), [], "too short to be a slip");
});

test("distances count letters", () => {
  const cases: [string, string, number][] = [
    ["kitten", "sitting", 3],
    ["", "abc", 3],
    ["abc", "", 3],
    ["same", "same", 0],
    ["ab", "ba", 2],
  ];
  for (const [a, b, expected] of cases) assert.equal(distance(a, b), expected);
});
