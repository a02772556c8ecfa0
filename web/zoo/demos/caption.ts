/** Type a caption, see eight digits or eight people; words that the generator never read are named. */

import { fixed } from "../../plots/look.ts";
import { paint, spread } from "../images.ts";
import { latent, stacked } from "../latents.ts";
import type { Model } from "../runtime.ts";
import { captionNote, Tokenizer } from "../tokenizer.ts";
import { box, choice, element, field, radios, slider } from "./controls.ts";
import { columns, type Demo, latest, megabytes, picture } from "./demo.ts";

const COUNT = 8;
const LATENTS = 92;
const PICK = "pick one";

type Kind = "text-digits" | "text-emoji";

const NAMES: Readonly<Record<Kind, string>> = { "text-digits": "digits", "text-emoji": "people" };

const EXAMPLES: Readonly<Record<Kind, readonly string[]>> = {
  "text-digits": [
    "a bold red seven on green",
    "three, drawn in thin blue, yellow background",
    "pink paper with a white zero",
    "a purple seven on green",
  ],
  "text-emoji": [
    "woman astronaut",
    "man cook medium skin tone",
    "woman superhero dark skin tone",
    "man red hair",
    "a purple zebra",
  ],
};

export const captionDemo: Demo = {
  name: "Demo: type a caption",
  still: "Above eight images of the caption “a bold red seven on green”, below eight of the caption “woman astronaut”.",
  needs: (root) => ({ models: [kindOf(root)] }),
  async start({ root, runtime, models, say, tell }) {
    const [row, note, words] = [picture(), element("p", "gan-unknown"), element("ul", "gan-words")];
    const summary = element("summary");
    const vocabulary = element("details");
    vocabulary.append(summary, words);
    const other: Kind = kindOf(root) === "text-digits" ? "text-emoji" : "text-digits";
    const bytes = await runtime.toLoad([other]);
    const called = (kind: Kind) =>
      kind === other && bytes > 0 ? `${NAMES[kind]} (loads ${megabytes(bytes)})` : NAMES[kind];
    const kinds: Kind[] = ["text-digits", "text-emoji"];
    const changed = latest(draw, ({ message }) => tell(`The model could not draw: ${message}`));
    const kind = radios("draw", kinds.map((one) => [called(one), one] as const), () => void switched()); // biome-ignore format: short
    const caption = field("caption", "", () => {
      if (caption.input.value !== examples.input.value) examples.input.value = "";
      changed();
    });
    const examples = choice("examples", [[PICK, ""]], () => {
      if (!examples.input.value) return;
      caption.input.value = examples.input.value;
      changed();
    });
    const seed = slider("first latent", { value: 0, low: 0, high: LATENTS }, changed);
    kind.set(kindOf(root));
    let model: Model = models.get(kind.value())!;
    let tokenizer = read();

    /** What the model knows, written down. */
    function read(): Tokenizer {
      const found = new Tokenizer(JSON.parse(model.said.words ?? "[]") as string[]);
      const sorted = [...found.words].sort();
      words.replaceChildren(...sorted.map((word) => element("li", "", word)));
      summary.textContent = `All ${sorted.length} words that it knows`;
      const offered = EXAMPLES[kind.value()];
      examples.input.replaceChildren(new Option(PICK, ""), ...offered.map((text) => new Option(text, text)));
      caption.input.value = offered[0]!;
      return found;
    }

    async function switched(): Promise<void> {
      const wanted = kind.value();
      tell(runtime.isLoaded(wanted) ? "" : "Loading …");
      try {
        const found = await runtime.model(wanted);
        tell("");
        kind.rename(wanted, NAMES[wanted]);
        if (kind.value() !== wanted) return;
        model = found;
        tokenizer = read();
        changed();
      } catch (error) {
        kind.set(model.name as Kind);
        tell(`The model could not be loaded (${(error as Error).message}). You may try again.`);
      }
    }

    async function draw(): Promise<void> {
      const [text, dim, from] = [caption.input.value, Number(model.said.dim), Number(seed.input.value)];
      const rows = tokenizer.tokens(new Array<string>(COUNT).fill(text));
      const width = rows[0]!.length;
      const images = await model.run({
        z: { data: stacked(Array.from({ length: COUNT }, (_, i) => latent(from + i, dim))), shape: [COUNT, dim] },
        tokens: { data: BigInt64Array.from(rows.flat(), BigInt), shape: [COUNT, width] },
      });
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
    return [box("gan-controls", kind.box, caption.box, examples.box, seed.box), row.box, note, vocabulary];
  },
};

function kindOf(root: HTMLElement): Kind {
  return root.dataset.model === "text-emoji" ? "text-emoji" : "text-digits";
}
