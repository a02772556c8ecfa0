/** Type a caption, see eight images of it; words that the generator never read are named. */

import { choice, field, radios, slider } from "../../controls/controls.ts";
import { box, element } from "../../controls/element.ts";
import { fixed } from "../../plots/look.ts";
import { paint, spread } from "../images.ts";
import { LATENTS, priorOf, stacked } from "../latents.ts";
import type { Model } from "../model.ts";
import type { Runtime } from "../runtime.ts";
import { captionNote, Tokenizer } from "../tokenizer.ts";
import { columns, type Demo, latest, type Options, picture } from "./demo.ts";
import { megabytes } from "./page.ts";

const COUNT = 8;
const PICK = ["pick one", ""] as const;

type Kind = "text-digits" | "text-emoji";

/** What the page's two models draw, and captions to begin with. */
const KINDS: Readonly<Record<Kind, readonly [name: string, ...examples: string[]]>> = {
  "text-digits": [
    "digits",
    "a bold red seven on green",
    "three, drawn in thin blue, yellow background",
    "pink paper with a white zero",
    "a purple seven on green",
  ],
  "text-emoji": [
    "people",
    "woman astronaut",
    "man cook medium skin tone",
    "woman superhero dark skin tone",
    "man red hair",
    "a purple zebra",
  ],
};

export const captionDemo: Demo = {
  name: "Explorer: type a caption",
  still: "Above eight images of the caption “a bold red seven on green”, below eight of the caption “woman astronaut”.",
  needs: (options) => ({ models: [kindOf(options)] }),
  async start({ root, options, model: first, runtime, say, tell }) {
    const [row, note, words] = [
      picture(),
      element("p", { class: "gan-unknown" }),
      element("ul", { class: "gan-words" }),
    ];
    const summary = element("summary");
    const vocabulary = element("details", { class: "hide" }, summary, words);
    const changed = latest(draw, tell);
    const caption = field("caption", "", () => {
      if (caption.value !== examples.value) examples.value = PICK[1];
      changed();
    });
    const examples = choice<string>("examples", [PICK], () => {
      if (!examples.value) return;
      caption.value = examples.value;
      changed();
    });
    const seed = slider("first latent", { value: options.seed ?? 0, low: 0, high: LATENTS }, changed);
    let model: Model;
    let tokenizer: Tokenizer;
    use(first, options.caption, options.examples);

    /** Draw with this model from now on; what it knows is written down. */
    function use(
      found: Model,
      begun?: string,
      more: readonly string[] = KINDS[found.name as Kind]?.slice(1) ?? [],
    ): void {
      model = found;
      tokenizer = new Tokenizer(JSON.parse(model.said.words ?? "[]") as string[]);
      const sorted = [...tokenizer.words].sort();
      words.replaceChildren(...sorted.map((word) => element("li", {}, word)));
      summary.textContent = `All ${sorted.length} words that it knows`;
      vocabulary.hidden = sorted.length === 0;
      caption.value = begun ?? more[0] ?? "";
      examples.offer([PICK, ...more.map((text) => [text, text] as const)]);
      examples.root.hidden = more.length === 0;
    }

    async function draw(): Promise<void> {
      const [text, from] = [caption.value, seed.value];
      const { latent } = priorOf(model.said);
      const z = stacked(Array.from({ length: COUNT }, (_, i) => latent(from + i)));
      const images = await model.run({ z, captions: new Array<string>(COUNT).fill(text) });
      const size = images.shape[2]!;
      paint(row.canvas, images, columns(root, COUNT), size < 64 ? 3 : 2);
      const varied = spread(images);
      const which = `latents ${from} to ${from + COUNT - 1}`;
      const asked = text.trim() ? `of the caption “${text.trim()}”` : "without a caption";
      const alt = `${COUNT} images ${asked}, ${which}. A pixel's standard deviation among them is ${fixed(varied, 2)} on average.`;
      note.textContent = captionNote(tokenizer, text);
      row.tell(alt);
      say(`${note.textContent} ${alt}`.trim(), { seed: from, spread: varied, unknown: tokenizer.unknown(text).length });
    }

    await draw();
    const controls = [caption.root, examples.root, seed.root];
    if (runtime) {
      controls.unshift(
        await kinds(runtime, kindOf(options), tell, (found) => {
          use(found);
          changed();
        }),
      );
    }
    return [box("gan-controls", ...controls), row.box, note, vocabulary];
  },
};

/** Which of the page's models draws: another one is loaded when it is chosen. */
async function kinds(
  runtime: Runtime,
  begun: Kind,
  tell: (text: string) => void,
  use: (model: Model) => void,
): Promise<HTMLElement> {
  const names = Object.keys(KINDS) as Kind[];
  const bytes = new Map(await Promise.all(names.map(async (one) => [one, await runtime.toLoad([one])] as const)));
  const called = (one: Kind) => KINDS[one][0] + (bytes.get(one) ? ` (loads ${megabytes(bytes.get(one)!)})` : "");
  let now = begun;
  const kind = radios("draw", names.map((one) => [called(one), one] as const), () => void switched()); // biome-ignore format: short
  kind.value = begun;

  async function switched(): Promise<void> {
    const wanted = kind.value;
    tell(runtime.isLoaded(wanted) ? "" : "Loading …");
    try {
      const found = await runtime.model(wanted);
      tell("");
      kind.rename(wanted, KINDS[wanted][0]);
      if (kind.value !== wanted) return;
      now = wanted;
      use(found);
    } catch (error) {
      kind.value = now;
      tell(`The model could not be loaded (${(error as Error).message}). You may try again.`);
    }
  }
  return kind.root;
}

function kindOf({ model }: Options): Kind {
  return model === "text-emoji" ? model : "text-digits";
}
