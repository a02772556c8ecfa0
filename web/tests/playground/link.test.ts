import assert from "node:assert/strict";
import { test } from "node:test";
import { encoded, isLink, linkOf, rounded, type Setting, settingOf, textsOf } from "../../playground/link.ts";
import { CONTROLS, DEFAULTS, parsed, type Settings, STROKE } from "../../playground/settings.ts";

const read = (hash: string) => settingOf(textsOf(hash), ["vanish", "circle"]);

test("every setting comes back from its link, one at a time and all at once", () => {
  const all: Record<string, unknown> = { ...DEFAULTS };
  for (const control of CONTROLS) {
    const other =
      control.kind === "choice"
        ? control.options.map(([value]) => value).find((value) => value !== DEFAULTS[control.key])!
        : control.offered.find((value) => value !== DEFAULTS[control.key])!;
    all[control.key] = other;
    const settings: Settings = { ...DEFAULTS, [control.key]: other };
    assert.deepEqual(read(linkOf({ settings })), { setting: { settings }, refused: [] }, control.key);
  }
  const setting: Setting = {
    settings: all as unknown as Settings,
    versus: { key: "loss", value: "hinge" },
    lesson: "circle",
    arrows: "wasserstein",
  };
  assert.deepEqual(read(linkOf(setting)), { setting, refused: [] });
});

test("a link says only what differs, in words", () => {
  assert.equal(linkOf({ settings: DEFAULTS }), "#data=ring");
  const settings: Settings = { ...DEFAULTS, loss: "hinge", width: 16 };
  assert.equal(linkOf({ settings, versus: { key: "penalty", value: "r1" } }), "#loss=hinge&width=16&vs=penalty:r1");
});

test("what was drawn comes back to a tenth", () => {
  const points = STROKE.map(rounded);
  const settings: Settings = { ...DEFAULTS, data: "drawn", points };
  assert.deepEqual(read(linkOf({ settings })).setting.settings.points, points);
  points.forEach(([x, y], i) => {
    assert.ok(Math.abs(x - STROKE[i]![0]) < 0.051 && Math.abs(y - STROKE[i]![1]) < 0.051);
  });
  assert.equal(encoded([[-3, 3]]), "A9");
});

test("what cannot be followed is said in a sentence, and the rest holds", () => {
  const { setting, refused } = read(
    "#loss=hinge&width=999&depth=1.5&batch=&nonsense=1&data=cube&vs=loss:x&lesson=y&points=%",
  );
  assert.deepEqual(setting.settings, { ...DEFAULTS, loss: "hinge" });
  assert.equal(setting.versus, undefined);
  assert.equal(setting.lesson, undefined);
  assert.equal(refused.length, 8);
  assert.ok(refused.includes("width is “999”: allowed is a whole number from 1 to 128; it stays at 64."));
  assert.ok(refused.includes("No setting is called “nonsense”; it is left out."));
});

test("an anchor of the page is no link", () => {
  assert.ok(!isLink("#lessons") && !isLink("") && isLink("#data=ring"));
});

test("bounds are allowed, and what lies beyond is not", () => {
  for (const control of CONTROLS) {
    if (control.kind === "choice") continue;
    for (const value of [control.low, control.high]) assert.deepEqual(parsed(control, String(value)), { value });
    assert.ok("refused" in parsed(control, String(control.high + 1)));
    assert.ok("refused" in parsed(control, String(control.low - 1)));
    for (const value of control.offered) assert.deepEqual(parsed(control, String(value)), { value });
  }
});
